from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, SessionSettings, Settings
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.sessions.refresh_token import digest_of
from hexaccount.sessions.sessions import Sessions
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests import people
from tests.hexagon.sessions.devices import assert_refused, can_refresh, history, is_live, log_in, refresh
from tests.people import registration

ACCESS, GRACE, IDLE, ABSOLUTE = 900, 60, 1_209_600, 7_776_000


def test_each_refresh_issues_a_new_access_token_and_refresh_token(service: Service, phone: IssuedTokens) -> None:
    seen = [phone]
    for _ in range(5):
        seen.append(refresh(service, seen[-1].refresh))
    assert {tokens.session_id for tokens in seen} == {phone.session_id}
    assert len({tokens.refresh for tokens in seen}) == len({tokens.token for tokens in seen}) == 6
    assert {tokens.expires_in for tokens in seen} == {ACCESS}
    assert all(is_live(service, tokens) for tokens in seen)
    assert history(service, "session", phone.session_id) == ["opened"]


def test_each_access_token_of_a_session_has_a_different_id(service: Service, phone: IssuedTokens) -> None:
    issuer = service.container.tokens()
    now = service.container.clock().now()
    following = refresh(service, phone.refresh)
    ids = {issuer.verify(tokens.token, now=now).token_id for tokens in (phone, following)}
    assert len(ids) == 2


def test_a_token_has_the_same_successor_within_the_whole_grace(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    successor = refresh(service, phone.refresh).refresh
    for milliseconds in (0, 30_000, 29_999):
        clock.advance(milliseconds=milliseconds)
        again = refresh(service, phone.refresh)
        assert again.refresh == successor
        assert is_live(service, again)
    assert history(service, "session", phone.session_id) == ["opened"]


@pytest.mark.parametrize(
    ("address", "agent", "is_given"),
    [
        ("192.0.2.7", "A browser 2", True),  # which was updated
        ("203.0.113.9", "A browser 1", True),  # on a phone that has left the house
        ("203.0.113.9", "A browser 2", False),
    ],
)
def test_within_the_grace_only_a_client_that_may_be_the_one_before_gets_the_successor(
    service: Service, juliet: UUID, address: str, agent: str, is_given: bool
) -> None:
    phone = people.log_in(service.bus, client_address="198.51.100.7", user_agent="A browser 0")
    mine = refresh(service, phone.refresh, client_address="192.0.2.7", user_agent="A browser 1")
    (session,) = service.bus.handle(ListSessions(user_id=juliet)).sessions
    assert (session.address, session.last_address) == ("198.51.100.7", "192.0.2.7")

    if is_given:
        assert refresh(service, phone.refresh, client_address=address, user_agent=agent).refresh == mine.refresh
    else:
        with pytest.raises(InvalidRefreshToken):
            refresh(service, phone.refresh, client_address=address, user_agent=agent)
        assert history(service, "session", phone.session_id) == ["opened", "reuse_detected", "closed"]
    assert is_live(service, mine) == is_given


def test_reusing_a_token_after_the_grace_ends_the_session(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    following = refresh(service, phone.refresh)
    clock.advance(seconds=GRACE)
    assert_refused(service, phone.refresh)
    assert not is_live(service, phone)
    assert not is_live(service, following)
    assert_refused(service, following.refresh)
    assert history(service, "session", phone.session_id) == ["opened", "reuse_detected", "closed"]


def test_repeated_reuse_is_recorded_once(service: Service, phone: IssuedTokens, clock: AdjustableClock) -> None:
    refresh(service, phone.refresh)
    clock.advance(seconds=GRACE)
    for _ in range(3):
        assert_refused(service, phone.refresh)
    assert history(service, "session", phone.session_id).count("reuse_detected") == 1


def test_a_reuse_ends_no_other_session(
    service: Service, juliet: UUID, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    laptop = log_in(service)
    refresh(service, phone.refresh)
    clock.advance(seconds=GRACE)
    assert_refused(service, phone.refresh)
    assert is_live(service, laptop)
    assert can_refresh(service, laptop)


@pytest.mark.parametrize("age", range(4))
def test_reusing_any_token_but_the_newest_ends_the_session(
    service: Service, phone: IssuedTokens, clock: AdjustableClock, age: int
) -> None:
    chain = [phone]
    for _ in range(4):
        clock.advance(seconds=GRACE + 1)
        chain.append(refresh(service, chain[-1].refresh))
    clock.advance(seconds=GRACE)
    assert_refused(service, chain[age].refresh)
    assert not is_live(service, chain[-1])
    assert_refused(service, chain[-1].refresh)


def test_within_the_grace_a_slow_tab_gets_the_successor_of_its_token_even_if_spent(
    service: Service, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    second = refresh(service, phone.refresh)
    third = refresh(service, second.refresh)
    slow = refresh(service, phone.refresh)
    assert slow.refresh == second.refresh
    assert refresh(service, slow.refresh).refresh == third.refresh
    clock.advance(seconds=GRACE)
    assert can_refresh(service, third)


def test_repeating_a_token_extends_neither_the_grace_nor_the_session(
    service: Service, juliet: UUID, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    refresh(service, phone.refresh)
    clock.advance(seconds=GRACE - 1)
    refresh(service, phone.refresh)
    (session,) = service.bus.handle(ListSessions(user_id=juliet)).sessions
    assert session.last_used_at == clock.now() - timedelta(seconds=GRACE - 1)
    clock.advance(seconds=1)
    assert_refused(service, phone.refresh)


def test_concurrent_refreshes_get_the_same_successor(service: Service, phone: IssuedTokens) -> None:
    with ThreadPoolExecutor(8) as tabs:
        given = list(tabs.map(lambda _: refresh(service, phone.refresh), range(24)))
    assert len({tokens.refresh for tokens in given}) == 1
    assert len({tokens.token for tokens in given}) == 24
    assert history(service, "session", phone.session_id) == ["opened"]


def test_without_a_grace_a_token_can_be_used_once(clock: AdjustableClock) -> None:
    settings = Settings(
        store="memory://", password=PasswordSettings(cost=4), session=SessionSettings(refresh_grace=0.0)
    )
    with open_service(settings, clock=clock) as service:
        service.bus.handle(registration("juliet"))
        phone = log_in(service)
        following = refresh(service, phone.refresh)
        assert_refused(service, phone.refresh)
        assert not is_live(service, following)


@pytest.mark.parametrize(
    "token",
    ["", "x", "hxr_", "hxr_" + "Zm9v" * 10 + "Zm8", "hxr_" + "A" * 43, "\0", "\ud800", "é" * 256, "x" * 100_000],
    ids=ascii,
)
def test_an_unknown_token_gets_the_error_of_a_spent_one(service: Service, phone: IssuedTokens, token: str) -> None:
    assert_refused(service, token)


def test_access_tokens_and_stored_values_are_not_refresh_tokens(service: Service, phone: IssuedTokens) -> None:
    refresh(service, phone.refresh)
    with service.store.unit_of_work() as uow:
        found = Sessions(uow).find_by_token(digest_of(phone.refresh))
    assert found is not None
    stored = found[0]
    for stolen in (
        phone.token,
        stored.digest,
        stored.salt,
        phone.refresh.upper(),
        phone.refresh + "=",
        phone.refresh[4:],
    ):
        assert_refused(service, stolen or "")
    assert is_live(service, phone)


def test_a_refresh_token_is_not_an_access_token(service: Service, phone: IssuedTokens) -> None:
    with pytest.raises(NotAuthenticated):
        service.bus.handle(Authenticate(token=phone.refresh))


def test_messages_and_events_hide_tokens(service: Service, juliet: UUID, phone: IssuedTokens) -> None:
    following = refresh(service, phone.refresh)
    with service.store.unit_of_work() as uow:
        journal = uow.journal.of("session", phone.session_id)
    shown = repr([RefreshSession(refresh=phone.refresh), phone, following, journal])
    secrets = [phone.refresh, phone.token, following.refresh, following.token, digest_of(phone.refresh)]
    assert "session.opened" in shown
    assert not [secret for secret in secrets if secret in shown]
