"""What clients do with their tokens."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.refresh_session import RefreshSession
from tests import people
from tests.people import PASSWORD


def log_in(service: Service, user_name: str = "juliet", password: str = PASSWORD, agent: str = "x") -> IssuedTokens:
    return people.log_in(service.bus, user_name, password, client_address="192.0.2.7", user_agent=agent)


def refresh(service: Service, token: str, **client: str) -> IssuedTokens:
    return service.bus.handle(RefreshSession(refresh=token, **client))


def is_live(service: Service, tokens: IssuedTokens) -> bool:
    """Return whether the access token authenticates its session."""
    try:
        return service.bus.handle(Authenticate(token=tokens.token)).session_id == tokens.session_id
    except NotAuthenticated:
        return False


def can_refresh(service: Service, tokens: IssuedTokens) -> bool:
    """Return whether the refresh token can be exchanged, which spends it."""
    try:
        return is_live(service, refresh(service, tokens.refresh))
    except InvalidRefreshToken:
        return False


def listed(service: Service, user_id: UUID) -> list[UUID]:
    return [session.id for session in service.bus.handle(ListSessions(user_id=user_id, limit=200)).sessions]


def history(service: Service, kind: str, aggregate_id: UUID) -> Sequence[str]:
    """Return the short types of an aggregate's events, such as `opened` and `closed`."""
    with service.store.unit_of_work() as uow:
        return [entry.type.split(".")[2] for entry in uow.journal.of(kind, aggregate_id)]


def assert_refused(service: Service, token: str) -> None:
    with pytest.raises(InvalidRefreshToken) as refusal:
        refresh(service, token)
    assert str(refusal.value) == "log in again: the refresh token is invalid, expired, used or revoked"
