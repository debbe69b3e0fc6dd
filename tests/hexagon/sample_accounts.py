"""A user and a session for tests of aggregates."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.session import Session

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
USER_ID = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
SESSION_ID = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c")


def registered_user(user_id: UUID = USER_ID, role: Role = Role.USER) -> User:
    return User.register(
        user_id=user_id,
        name=UserName("Juliet"),
        email=EmailAddress("Juliet@example.org"),
        first_name=PersonName("Juliet"),
        last_name=PersonName("Capulet"),
        avatar_identifier=None,
        role=role,
        password_hash="$hash",
        at=NOON,
    )


LIFETIMES = Lifetimes(
    access=timedelta(minutes=15), idle=timedelta(hours=1), absolute=timedelta(days=1), grace=timedelta(seconds=10)
)


def open_session(user: User, session_id: UUID = SESSION_ID, lifetimes: Lifetimes = LIFETIMES) -> Session:
    return Session.open(
        session_id=session_id,
        user=user,
        client_address="192.0.2.7",
        user_agent="curl/8",
        at=NOON,
        lifetimes=lifetimes,
    )
