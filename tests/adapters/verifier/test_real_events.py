"""The verifier with tokens and events of a real service."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, SessionSettings, Settings
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.set_password import SetPassword
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import InvalidRefreshToken
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount_memory import MemoryPublisher
from hexaccount_verifier import InvalidToken, TokenVerifier
from tests.people import PASSWORD, log_in, registration

KEY = "a shared secret of the service and the verifier"
NEW = "fresh as the morning dew"


@pytest.fixture
def outside() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture
def service(outside: MemoryPublisher) -> Iterator[Service]:
    settings = Settings(
        store="memory://",
        jwt=JwtSettings(key=KEY),
        password=PasswordSettings(cost=4),
        session=SessionSettings(refresh_grace=0),
    )
    with open_service(settings, publishers=[PublishingSubscriber("memory://outside", outside)]) as service:
        service.subscribe()
        yield service


@pytest.fixture
def juliet(service: Service) -> UUID:
    return service.bus.handle(registration("juliet"))


def reuse(service: Service, access: IssuedTokens) -> None:
    service.bus.handle(RefreshSession(refresh=access.refresh))
    with pytest.raises(InvalidRefreshToken):
        service.bus.handle(RefreshSession(refresh=access.refresh))


Action = Callable[[Service, UUID, IssuedTokens], object]
ACTIONS: Mapping[str, tuple[Action, tuple[bool, bool]]] = {
    "nothing": (lambda service, user, mine: None, (True, True)),
    "logging out": (lambda service, user, mine: service.bus.handle(LogOut(session_id=mine.session_id)), (False, True)),
    "ending that session": (
        lambda service, user, mine: service.bus.handle(EndSession(user_id=user, session_id=mine.session_id)),
        (False, True),
    ),
    "a refresh token used twice": (lambda service, user, mine: reuse(service, mine), (False, True)),
    "ending the others": (
        lambda service, user, mine: service.bus.handle(EndSessions(user_id=user, keep=mine.session_id)),
        (True, False),
    ),
    "ending all": (lambda service, user, mine: service.bus.handle(EndSessions(user_id=user)), (False, False)),
    "changing the password": (
        lambda service, user, mine: service.bus.handle(
            ChangePassword.of_text(session_id=mine.session_id, current=PASSWORD, new=NEW)
        ),
        (False, False),
    ),
    "setting a password": (
        lambda service, user, mine: service.bus.handle(SetPassword.of_text(user_id=user, password=NEW)),
        (False, False),
    ),
    "disabling": (lambda service, user, mine: service.bus.handle(DisableUser(user_id=user)), (False, False)),
}


@pytest.mark.parametrize(("action", "live"), ACTIONS.values(), ids=ACTIONS)
def test_what_ends_a_session_revokes_its_tokens(
    service: Service, juliet: UUID, outside: MemoryPublisher, action: Action, live: tuple[bool, bool]
) -> None:
    mine, other = log_in(service.bus), log_in(service.bus)
    action(service, juliet, mine)
    service.deliver_all()
    verifier = TokenVerifier(KEY.encode(), issuer="hexaccount", audience="hexaccount")
    for entry in outside.published:
        event: dict[str, Any] = {
            "id": str(entry.id),
            "type": entry.type,
            "subject": str(entry.subject),
            "time": entry.time.isoformat(),
            "data": dict(entry.data),
        }
        verifier.learn(event)

    assert [is_valid(verifier, access) for access in (mine, other)] == list(live)


def is_valid(verifier: TokenVerifier, access: IssuedTokens) -> bool:
    try:
        return verifier.verify(access.token).session_id == access.session_id
    except InvalidToken:
        return False
