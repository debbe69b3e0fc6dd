from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.session import Session
from hexaccount_system import Uuid7Identifiers

LIFETIMES = Lifetimes(
    access=timedelta(minutes=15), idle=timedelta(hours=1), absolute=timedelta(days=1), grace=timedelta(seconds=10)
)
START = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)


class Factory:
    """Makes users, sessions and profiles that are not stored yet, and records their ids."""

    def __init__(self) -> None:
        self._identifiers = Uuid7Identifiers()
        self._numbers = count(1)
        self._milliseconds = count(1)
        self.ids: list[UUID] = []

    def now(self) -> datetime:
        """Return a time that is one millisecond later at each call."""
        return START + timedelta(milliseconds=next(self._milliseconds))

    def new_id(self) -> UUID:
        new_id = self._identifiers.new()
        self.ids.append(new_id)
        return new_id

    def user(
        self,
        name: str | None = None,
        email: str | None = None,
        *,
        user_id: UUID | None = None,
        first_name: str = "Ada",
        last_name: str = "Lovelace",
        role: Role = Role.USER,
        password_hash: str = "hash-of-the-first-password",
        at: datetime | None = None,
    ) -> User:
        """Return a new user, by default with a unique name and address."""
        number = next(self._numbers)
        if user_id is not None:
            self.ids.append(user_id)
        return User.register(
            user_id=user_id or self.new_id(),
            name=UserName(name or f"user{number}"),
            email=EmailAddress(email or f"user{number}@example.org"),
            first_name=PersonName(first_name),
            last_name=PersonName(last_name),
            avatar_identifier=None,
            role=role,
            password_hash=password_hash,
            at=at or self.now(),
        )

    def session(
        self,
        user: User,
        *,
        session_id: UUID | None = None,
        user_agent: str = "Mozilla/5.0",
        at: datetime | None = None,
        lifetime: timedelta = timedelta(hours=1),
    ) -> Session:
        return Session.open(
            session_id=session_id or self.new_id(),
            user=user,
            client_address="2001:db8::7",
            user_agent=user_agent,
            at=at or self.now(),
            lifetimes=Lifetimes(
                access=timedelta(minutes=15), idle=lifetime, absolute=lifetime, grace=timedelta(seconds=10)
            ),
        )

    def profile(self, user_id: UUID, **fields: str | None) -> Profile:
        """Return a new profile, updated with `fields` if there are any."""
        profile = Profile.create(user_id, self.now())
        if fields:
            profile.update(fields, self.now())
        return profile
