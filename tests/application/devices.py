"""What people do with the devices on which they are logged in."""

from collections.abc import Sequence
from uuid import UUID

from hexaccount.bootstrap.service import Service
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.refresh_session import RefreshSession
from tests.application.people import PASSWORD


def log_in(service: Service, user_name: str = "juliet", password: str = PASSWORD, agent: str = "x") -> IssuedTokens:
    return service.bus.handle(
        LogIn(user_name=user_name, password=password, client_address="192.0.2.7", user_agent=agent)
    )


def refresh(service: Service, token: str) -> IssuedTokens:
    return service.bus.handle(RefreshSession(refresh=token))


def is_alive(service: Service, access: IssuedTokens) -> bool:
    """Tell whether the access token opens the account."""
    try:
        return service.bus.handle(Authenticate(token=access.token)).session_id == access.session_id
    except NotAuthenticated:
        return False


def can_go_on(service: Service, access: IssuedTokens) -> bool:
    """Tell whether the refresh token gives new access; it is spent by that."""
    try:
        return is_alive(service, refresh(service, access.refresh))
    except InvalidRefreshToken:
        return False


def listed(service: Service, user_id: UUID) -> list[UUID]:
    return [session.id for session in service.bus.handle(ListSessions(user_id=user_id, limit=200)).sessions]


def history(service: Service, kind: str, aggregate_id: UUID) -> Sequence[str]:
    """Return what the journal tells of an aggregate, such as `opened, closed`."""
    with service.store.unit_of_work() as uow:
        return [entry.type.split(".")[2] for entry in uow.journal.of(kind, aggregate_id)]
