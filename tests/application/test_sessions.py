from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.errors import UserNotFound
from hexaccount.bootstrap.service import Service
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import NotAuthenticated, SessionNotFound
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from tests.application.devices import can_go_on, history, is_alive, listed, log_in, refresh
from tests.application.people import registration

IDLE = 1_209_600


@pytest.fixture
def juliet(service: Service) -> UUID:
    return service.bus.handle(registration("juliet"))


@pytest.fixture
def romeo(service: Service) -> UUID:
    return service.bus.handle(registration("romeo"))


@pytest.fixture
def laptop(service: Service, juliet: UUID) -> IssuedTokens:
    return log_in(service, agent="laptop")


@pytest.fixture
def phone(service: Service, juliet: UUID, laptop: IssuedTokens) -> IssuedTokens:
    return log_in(service, agent="phone")


def test_a_session_tells_its_device_and_its_times(
    service: Service, juliet: UUID, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    opened = clock.now()
    clock.advance(minutes=5)
    refresh(service, phone.refresh)
    newest, older = service.bus.handle(ListSessions(user_id=juliet)).sessions
    assert (newest.id, newest.device, newest.address) == (phone.session_id, "phone", "192.0.2.7")
    assert (newest.created_at, newest.last_used_at) == (opened, clock.now())
    assert newest.idle_until == clock.now() + timedelta(seconds=IDLE)
    assert newest.expires_at == opened + timedelta(days=90)
    assert (older.device, older.created_at, older.last_used_at) == ("laptop", opened, opened)


def test_what_is_not_live_any_more_is_not_listed(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens, clock: AdjustableClock
) -> None:
    tablet = log_in(service)
    service.bus.handle(LogOut(session_id=tablet.session_id))
    assert listed(service, juliet) == [phone.session_id, laptop.session_id]
    clock.advance(days=7)
    refresh(service, phone.refresh)
    clock.advance(days=7)
    assert listed(service, juliet) == [phone.session_id]
    service.bus.handle(DisableUser(user_id=juliet))
    assert listed(service, juliet) == []


def test_a_session_is_listed_to_the_last_millisecond_that_it_lives(
    service: Service, juliet: UUID, laptop: IssuedTokens, clock: AdjustableClock
) -> None:
    clock.advance(seconds=IDLE, milliseconds=-1)
    assert listed(service, juliet) == [laptop.session_id]
    clock.advance(milliseconds=1)
    assert listed(service, juliet) == []


def test_sessions_are_each_accounts_own(service: Service, juliet: UUID, romeo: UUID, laptop: IssuedTokens) -> None:
    assert listed(service, romeo) == []
    assert listed(service, juliet) == [laptop.session_id]


def test_sessions_are_listed_by_pages_newest_first_none_twice_and_none_left_out(service: Service, juliet: UUID) -> None:
    opened = [log_in(service).session_id for _ in range(7)]
    seen, sizes, after = [], [], None
    while True:
        page = service.bus.handle(ListSessions(user_id=juliet, limit=3, after=after))
        seen += [session.id for session in page.sessions]
        sizes.append(len(page.sessions))
        if page.next is None:
            break
        after = page.next
    assert seen == opened[::-1]
    assert sizes == [3, 3, 1]


def test_a_last_page_that_is_full_says_that_it_is_the_last(service: Service, juliet: UUID, phone: IssuedTokens) -> None:
    assert service.bus.handle(ListSessions(user_id=juliet, limit=2)).next is None


def test_a_page_may_begin_after_a_session_that_has_ended_meanwhile(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    first = service.bus.handle(ListSessions(user_id=juliet, limit=1))
    service.bus.handle(LogOut(session_id=phone.session_id))
    (session,) = service.bus.handle(ListSessions(user_id=juliet, limit=1, after=first.next)).sessions
    assert session.id == laptop.session_id


@pytest.mark.parametrize("limit", [-1, 0, 201])
def test_a_page_has_1_to_200_sessions(limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        ListSessions(user_id=uuid4(), limit=limit)


def test_nobody_who_is_not_there_has_sessions(service: Service) -> None:
    for message in (ListSessions(user_id=uuid4()), EndSessions(user_id=uuid4())):
        with pytest.raises(UserNotFound):
            service.bus.handle(message)


def test_a_session_that_is_ended_is_dead_at_once_and_no_other(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(EndSession(user_id=juliet, session_id=phone.session_id))
    assert (is_alive(service, laptop), is_alive(service, phone)) == (True, False)
    assert (can_go_on(service, laptop), can_go_on(service, phone)) == (True, False)


def test_ending_a_session_twice_is_ending_it_once(service: Service, juliet: UUID, phone: IssuedTokens) -> None:
    for _ in range(2):
        service.bus.handle(EndSession(user_id=juliet, session_id=phone.session_id))
    assert history(service, "session", phone.session_id) == ["opened", "closed"]


def test_a_session_of_somebody_else_is_not_there_and_lives_on(
    service: Service, juliet: UUID, romeo: UUID, phone: IssuedTokens
) -> None:
    for user_id, session_id in ((romeo, phone.session_id), (juliet, uuid4()), (uuid4(), phone.session_id)):
        with pytest.raises(SessionNotFound):
            service.bus.handle(EndSession(user_id=user_id, session_id=session_id))
    assert is_alive(service, phone)


def test_ending_all_other_sessions_leaves_the_one_that_asks_with_all_its_tokens(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(EndSessions(user_id=juliet, keep=laptop.session_id))
    assert (is_alive(service, laptop), is_alive(service, phone)) == (True, False)
    assert (can_go_on(service, laptop), can_go_on(service, phone)) == (True, False)
    assert listed(service, juliet) == [laptop.session_id]
    assert history(service, "session", laptop.session_id) == ["opened", "kept", "refreshed"]
    assert history(service, "user", juliet) == ["registered", "sessions_ended"]


def test_the_sessions_of_a_device_that_keeps_itself_again_and_again_end_all_others_each_time(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    for _ in range(3):
        other = log_in(service)
        service.bus.handle(EndSessions(user_id=juliet, keep=laptop.session_id))
        assert (is_alive(service, laptop), is_alive(service, other)) == (True, False)


def test_ending_all_sessions_leaves_none_and_the_account_may_log_in(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(EndSessions(user_id=juliet))
    assert not is_alive(service, laptop)
    assert not can_go_on(service, phone)
    assert listed(service, juliet) == []
    assert is_alive(service, log_in(service))


def test_ending_sessions_ends_those_of_no_other_account(
    service: Service, juliet: UUID, romeo: UUID, phone: IssuedTokens
) -> None:
    service.bus.handle(EndSessions(user_id=romeo))
    assert is_alive(service, phone)


def test_a_session_that_has_ended_cannot_end_the_others(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(LogOut(session_id=laptop.session_id))
    with pytest.raises(NotAuthenticated):
        service.bus.handle(EndSessions(user_id=juliet, keep=laptop.session_id))
    assert is_alive(service, phone)


def test_a_session_of_somebody_else_cannot_be_the_one_to_keep(
    service: Service, juliet: UUID, romeo: UUID, phone: IssuedTokens
) -> None:
    for keep in (phone.session_id, uuid4()):
        with pytest.raises(NotAuthenticated):
            service.bus.handle(EndSessions(user_id=romeo, keep=keep))
    assert history(service, "user", romeo) == ["registered"]
