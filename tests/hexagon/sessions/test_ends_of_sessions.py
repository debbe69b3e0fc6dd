"""Sessions end by their lifetimes, by logouts and by changes of the account."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, SessionSettings, Settings
from hexaccount.passwords.set_password import SetPassword
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.hexagon.sessions.devices import assert_refused, history, is_live, log_in, refresh
from tests.people import registration

ACCESS, GRACE, IDLE, ABSOLUTE = 900, 10, 1_209_600, 7_776_000


def test_a_session_refreshed_in_time_outlives_its_idle_lifetime(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    for _ in range(3):
        clock.advance(seconds=IDLE, milliseconds=-1)
        phone = refresh(service, phone.refresh)
        assert (phone.expires_in, is_live(service, phone)) == (ACCESS, True)


def test_an_idle_session_cannot_be_refreshed_and_no_event_is_recorded(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    clock.advance(seconds=IDLE)
    assert_refused(service, phone.refresh)
    assert_refused(service, phone.refresh)
    assert history(service, "session", phone.session_id) == ["opened"]


def test_no_refresh_extends_a_session_beyond_its_absolute_lifetime(
    service: Service, juliet: UUID, clock: AdjustableClock
) -> None:
    end = clock.now() + timedelta(seconds=ABSOLUTE)
    tokens = log_in(service)
    while clock.now() + timedelta(seconds=IDLE - 1) < end:
        clock.advance(seconds=IDLE - 1)
        tokens = refresh(service, tokens.refresh)
    (session,) = service.bus.handle(ListSessions(user_id=juliet)).sessions
    assert session.idle_until == session.expires_at == end
    clock.advance(seconds=(end - clock.now()).total_seconds() - 0.001)
    tokens = refresh(service, tokens.refresh)
    clock.advance(milliseconds=1)
    assert_refused(service, tokens.refresh)
    assert not is_live(service, tokens)


@pytest.mark.parametrize("left", [1, 60, ACCESS - 1])
def test_an_access_token_never_outlives_its_session(
    service: Service, juliet: UUID, clock: AdjustableClock, left: int
) -> None:
    end = clock.now() + timedelta(seconds=ABSOLUTE)
    tokens = log_in(service)
    while clock.now() + timedelta(seconds=IDLE - 1) < end:
        clock.advance(seconds=IDLE - 1)
        tokens = refresh(service, tokens.refresh)
    clock.advance(seconds=(end - clock.now()).total_seconds() - left)
    tokens = refresh(service, tokens.refresh)
    claims = service.container.tokens().verify(tokens.token, now=clock.now())
    assert (tokens.expires_in, claims.expires_at) == (left, end)


def test_a_session_with_equal_lifetimes_ends_with_its_access_token(clock: AdjustableClock) -> None:
    lifetimes = SessionSettings(access_lifetime=60, idle_lifetime=60, absolute_lifetime=60)
    settings = Settings(store="memory://", password=PasswordSettings(cost=4), session=lifetimes)
    with open_service(settings, clock=clock) as service:
        service.bus.handle(registration("juliet"))
        phone = log_in(service)
        assert phone.expires_in == 60
        clock.advance(seconds=30)
        phone = refresh(service, phone.refresh)
        assert phone.expires_in == 30
        clock.advance(seconds=30)
        assert not is_live(service, phone)
        assert_refused(service, phone.refresh)


ENDS: dict[str, Callable[[UUID, IssuedTokens], object]] = {
    "logout": lambda user_id, tokens: LogOut(session_id=tokens.session_id),
    "ending that session": lambda user_id, tokens: EndSession(user_id=user_id, session_id=tokens.session_id),
    "ending all sessions": lambda user_id, tokens: EndSessions(user_id=user_id),
    "disabling": lambda user_id, tokens: DisableUser(user_id=user_id),
    "a new password": lambda user_id, tokens: SetPassword.of_text(user_id=user_id, password="fresh as the morning dew"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
def test_tokens_of_an_ended_session_are_refused_and_their_reuse_records_nothing(
    service: Service,
    juliet: UUID,
    phone: IssuedTokens,
    clock: AdjustableClock,
    end: Callable[[UUID, IssuedTokens], object],
) -> None:
    following = refresh(service, phone.refresh)
    service.bus.handle(end(juliet, phone))
    assert_refused(service, following.refresh)
    assert_refused(service, phone.refresh)
    clock.advance(seconds=GRACE)
    assert_refused(service, phone.refresh)
    assert not is_live(service, following)
    assert "reuse_detected" not in history(service, "session", phone.session_id)


def test_enabling_an_account_does_not_restore_its_tokens(service: Service, juliet: UUID, phone: IssuedTokens) -> None:
    for command in (DisableUser(user_id=juliet), EnableUser(user_id=juliet)):
        service.bus.handle(command)
    assert_refused(service, phone.refresh)
