from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, SessionSettings, Settings
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.passwords.set_password import SetPassword
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.sessions.refresh_token import digest_of
from tests.application.devices import can_go_on, history, is_alive, log_in, refresh
from tests.application.people import registration

ACCESS, GRACE, IDLE, ABSOLUTE = 900, 10, 1_209_600, 7_776_000


@pytest.fixture
def juliet(service: Service) -> UUID:
    return service.bus.handle(registration("juliet"))


@pytest.fixture
def phone(service: Service, juliet: UUID) -> IssuedTokens:
    return log_in(service)


def refused(service: Service, token: str) -> None:
    with pytest.raises(InvalidRefreshToken) as refusal:
        refresh(service, token)
    assert str(refusal.value) == "the refresh token is invalid, expired, spent or revoked; log in again"


def test_a_refresh_token_gives_new_access_and_a_token_that_gives_the_next(
    service: Service, phone: IssuedTokens
) -> None:
    seen = [phone]
    for _ in range(5):
        seen.append(refresh(service, seen[-1].refresh))
    assert {access.session_id for access in seen} == {phone.session_id}
    assert len({access.refresh for access in seen}) == len({access.token for access in seen}) == 6
    assert {access.expires_in for access in seen} == {ACCESS}
    assert all(is_alive(service, access) for access in seen)
    assert history(service, "session", phone.session_id) == ["opened"] + ["refreshed"] * 5


def test_the_tokens_of_one_session_have_ids_of_their_own(service: Service, phone: IssuedTokens) -> None:
    tokens = service.container.tokens()
    now = service.container.clock().now()
    following = refresh(service, phone.refresh)
    ids = {tokens.verify(access.token, now=now).token_id for access in (phone, following)}
    assert len(ids) == 2


def test_the_same_token_gives_the_same_successor_to_the_last_millisecond_of_the_grace(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    successor = refresh(service, phone.refresh).refresh
    for milliseconds in (0, 5000, 4999):
        clock.advance(milliseconds=milliseconds)
        again = refresh(service, phone.refresh)
        assert again.refresh == successor
        assert is_alive(service, again)
    assert history(service, "session", phone.session_id) == ["opened", "refreshed"]


def test_with_the_grace_over_the_same_token_ends_the_session_for_whoever_has_it(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    following = refresh(service, phone.refresh)
    clock.advance(seconds=GRACE)
    refused(service, phone.refresh)
    assert not is_alive(service, phone)
    assert not is_alive(service, following)
    refused(service, following.refresh)
    assert history(service, "session", phone.session_id) == ["opened", "refreshed", "reuse_detected", "closed"]


def test_a_reuse_is_told_once_however_often_it_happens(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    refresh(service, phone.refresh)
    clock.advance(seconds=GRACE)
    for _ in range(3):
        refused(service, phone.refresh)
    assert history(service, "session", phone.session_id).count("reuse_detected") == 1


def test_a_reuse_ends_no_other_session(
    service: Service, juliet: UUID, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    laptop = log_in(service)
    refresh(service, phone.refresh)
    clock.advance(seconds=GRACE)
    refused(service, phone.refresh)
    assert is_alive(service, laptop)
    assert can_go_on(service, laptop)


@pytest.mark.parametrize("age", range(4))
def test_a_token_of_any_age_but_the_newest_ends_the_session(
    service: Service, phone: IssuedTokens, clock: AdjustableClock, age: int
) -> None:
    chain = [phone]
    for _ in range(4):
        clock.advance(seconds=GRACE + 1)
        chain.append(refresh(service, chain[-1].refresh))
    clock.advance(seconds=GRACE)
    refused(service, chain[age].refresh)
    assert not is_alive(service, chain[-1])
    refused(service, chain[-1].refresh)


def test_within_the_grace_a_slow_tab_gets_the_successor_of_its_own_token_though_that_is_spent(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    second = refresh(service, phone.refresh)
    third = refresh(service, second.refresh)
    slow = refresh(service, phone.refresh)
    assert slow.refresh == second.refresh
    assert refresh(service, slow.refresh).refresh == third.refresh
    clock.advance(seconds=GRACE)
    assert can_go_on(service, third)


def test_a_repeated_use_is_no_use_that_would_put_the_grace_or_the_end_off(
    service: Service, juliet: UUID, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    refresh(service, phone.refresh)
    clock.advance(seconds=GRACE - 1)
    refresh(service, phone.refresh)
    (session,) = service.bus.handle(ListSessions(user_id=juliet)).sessions
    assert session.last_used_at == clock.now() - timedelta(seconds=GRACE - 1)
    clock.advance(seconds=1)
    refused(service, phone.refresh)


def test_tabs_that_refresh_at_once_all_get_the_one_successor(service: Service, phone: IssuedTokens) -> None:
    with ThreadPoolExecutor(8) as tabs:
        given = list(tabs.map(lambda _: refresh(service, phone.refresh), range(24)))
    assert len({access.refresh for access in given}) == 1
    assert len({access.token for access in given}) == 24
    assert history(service, "session", phone.session_id) == ["opened", "refreshed"]


def test_without_a_grace_a_token_is_used_once(clock: AdjustableClock) -> None:
    settings = Settings(
        store="memory://", password=PasswordSettings(cost=4), session=SessionSettings(refresh_grace=0.0)
    )
    with open_service(settings, clock=clock) as service:
        service.bus.handle(registration("juliet"))
        phone = log_in(service)
        following = refresh(service, phone.refresh)
        refused(service, phone.refresh)
        assert not is_alive(service, following)


def test_a_session_that_is_refreshed_in_time_outlives_its_idle_lifetime(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    for _ in range(3):
        clock.advance(seconds=IDLE, milliseconds=-1)
        phone = refresh(service, phone.refresh)
        assert (phone.expires_in, is_alive(service, phone)) == (ACCESS, True)


def test_a_session_that_was_idle_too_long_cannot_be_refreshed_and_nothing_is_told(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    clock.advance(seconds=IDLE)
    refused(service, phone.refresh)
    refused(service, phone.refresh)
    assert history(service, "session", phone.session_id) == ["opened"]


def test_no_refresh_outlives_the_absolute_end(service: Service, juliet: UUID, clock: AdjustableClock) -> None:
    end = clock.now() + timedelta(seconds=ABSOLUTE)
    access = log_in(service)
    while clock.now() + timedelta(seconds=IDLE - 1) < end:
        clock.advance(seconds=IDLE - 1)
        access = refresh(service, access.refresh)
    (session,) = service.bus.handle(ListSessions(user_id=juliet)).sessions
    assert session.idle_until == session.expires_at == end
    clock.advance(seconds=(end - clock.now()).total_seconds() - 0.001)
    access = refresh(service, access.refresh)
    clock.advance(milliseconds=1)
    refused(service, access.refresh)
    assert not is_alive(service, access)


@pytest.mark.parametrize("left", [1, 60, ACCESS - 1])
def test_access_never_outlives_the_session(service: Service, juliet: UUID, clock: AdjustableClock, left: int) -> None:
    end = clock.now() + timedelta(seconds=ABSOLUTE)
    access = log_in(service)
    while clock.now() + timedelta(seconds=IDLE - 1) < end:
        clock.advance(seconds=IDLE - 1)
        access = refresh(service, access.refresh)
    clock.advance(seconds=(end - clock.now()).total_seconds() - left)
    access = refresh(service, access.refresh)
    claims = service.container.tokens().verify(access.token, now=clock.now())
    assert (access.expires_in, claims.expires_at) == (left, end)


def test_a_login_that_may_be_idle_no_longer_than_access_lasts_ends_with_it(clock: AdjustableClock) -> None:
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
        assert not is_alive(service, phone)
        refused(service, phone.refresh)


ENDS: dict[str, Callable[[UUID, IssuedTokens], object]] = {
    "logout": lambda user_id, access: LogOut(session_id=access.session_id),
    "ending that session": lambda user_id, access: EndSession(user_id=user_id, session_id=access.session_id),
    "ending all sessions": lambda user_id, access: EndSessions(user_id=user_id),
    "disabling": lambda user_id, access: DisableUser(user_id=user_id),
    "a new password": lambda user_id, access: SetPassword.of_text(user_id=user_id, password="fresh as the morning dew"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
def test_the_tokens_of_a_session_that_was_ended_give_nothing_and_their_reuse_tells_nothing(
    service: Service,
    juliet: UUID,
    phone: IssuedTokens,
    clock: AdjustableClock,
    end: Callable[[UUID, IssuedTokens], object],
) -> None:
    following = refresh(service, phone.refresh)
    service.bus.handle(end(juliet, phone))
    refused(service, following.refresh)
    refused(service, phone.refresh)
    clock.advance(seconds=GRACE)
    refused(service, phone.refresh)
    assert not is_alive(service, following)
    assert "reuse_detected" not in history(service, "session", phone.session_id)


def test_enabling_an_account_does_not_bring_its_tokens_back(
    service: Service, juliet: UUID, phone: IssuedTokens
) -> None:
    for command in (DisableUser(user_id=juliet), EnableUser(user_id=juliet)):
        service.bus.handle(command)
    refused(service, phone.refresh)


@pytest.mark.parametrize(
    "token",
    ["", "x", "hxr_", "hxr_" + "Zm9v" * 10 + "Zm8", "hxr_" + "A" * 43, "\0", "\ud800", "é" * 256, "x" * 100_000],
    ids=ascii,
)
def test_what_is_no_token_of_ours_gets_the_answer_of_a_spent_one(
    service: Service, phone: IssuedTokens, token: str
) -> None:
    refused(service, token)


def test_neither_an_access_token_nor_what_is_kept_is_a_refresh_token(service: Service, phone: IssuedTokens) -> None:
    refresh(service, phone.refresh)
    with service.store.unit_of_work() as uow:
        found = uow.sessions.find_by_token(digest_of(phone.refresh))
    assert found is not None
    kept = found[0]
    for stolen in (phone.token, kept.digest, kept.salt, phone.refresh.upper(), phone.refresh + "=", phone.refresh[4:]):
        refused(service, stolen or "")
    assert is_alive(service, phone)


def test_a_refresh_token_is_no_access_token(service: Service, phone: IssuedTokens) -> None:
    with pytest.raises(NotAuthenticated):
        service.bus.handle(Authenticate(token=phone.refresh))


def test_no_message_and_no_event_shows_a_token(service: Service, juliet: UUID, phone: IssuedTokens) -> None:
    following = refresh(service, phone.refresh)
    with service.store.unit_of_work() as uow:
        journal = uow.journal.of("session", phone.session_id)
    shown = repr([RefreshSession(refresh=phone.refresh), phone, following, journal])
    secrets = [phone.refresh, phone.token, following.refresh, following.token, digest_of(phone.refresh)]
    assert "refreshed" in shown
    assert not [secret for secret in secrets if secret in shown]
