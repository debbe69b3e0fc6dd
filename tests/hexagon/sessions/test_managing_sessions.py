from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.errors import UserNotFound
from hexaccount.bootstrap.service import Service
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import NotAuthenticated, SessionNotFound
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.hexagon.sessions.devices import can_refresh, history, is_live, listed, log_in, refresh
from tests.people import registration

IDLE = 1_209_600


@pytest.fixture
def romeo(service: Service) -> UUID:
    return service.bus.handle(registration("romeo"))


@pytest.fixture
def laptop(service: Service, juliet: UUID) -> IssuedTokens:
    return log_in(service, agent="laptop")


@pytest.fixture
def phone(service: Service, juliet: UUID, laptop: IssuedTokens) -> IssuedTokens:
    return log_in(service, agent="phone")


def test_a_listed_session_has_its_device_and_times(
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


def test_ended_sessions_are_not_listed(
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


def test_a_session_is_listed_until_the_millisecond_of_its_end(
    service: Service, juliet: UUID, laptop: IssuedTokens, clock: AdjustableClock
) -> None:
    clock.advance(seconds=IDLE, milliseconds=-1)
    assert listed(service, juliet) == [laptop.session_id]
    clock.advance(milliseconds=1)
    assert listed(service, juliet) == []


def test_sessions_of_other_accounts_are_not_listed(
    service: Service, juliet: UUID, romeo: UUID, laptop: IssuedTokens
) -> None:
    assert listed(service, romeo) == []
    assert listed(service, juliet) == [laptop.session_id]


def test_pages_list_every_session_exactly_once_newest_first(service: Service, juliet: UUID) -> None:
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


def test_a_full_last_page_has_no_next_page(service: Service, juliet: UUID, phone: IssuedTokens) -> None:
    assert service.bus.handle(ListSessions(user_id=juliet, limit=2)).next is None


def test_a_page_may_begin_after_a_session_that_has_ended(
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


def test_sessions_of_an_unknown_user_are_neither_listed_nor_ended(service: Service) -> None:
    for message in (ListSessions(user_id=uuid4()), EndSessions(user_id=uuid4())):
        with pytest.raises(UserNotFound):
            service.bus.handle(message)


def test_ending_a_session_ends_it_immediately_and_no_other(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(EndSession(user_id=juliet, session_id=phone.session_id))
    assert (is_live(service, laptop), is_live(service, phone)) == (True, False)
    assert (can_refresh(service, laptop), can_refresh(service, phone)) == (True, False)


def test_ending_a_session_twice_records_one_event(service: Service, juliet: UUID, phone: IssuedTokens) -> None:
    for _ in range(2):
        service.bus.handle(EndSession(user_id=juliet, session_id=phone.session_id))
    assert history(service, "session", phone.session_id) == ["opened", "closed"]


def test_a_session_of_another_user_is_not_found_and_stays_live(
    service: Service, juliet: UUID, romeo: UUID, phone: IssuedTokens
) -> None:
    for user_id, session_id in ((romeo, phone.session_id), (juliet, uuid4()), (uuid4(), phone.session_id)):
        with pytest.raises(SessionNotFound):
            service.bus.handle(EndSession(user_id=user_id, session_id=session_id))
    assert is_live(service, phone)


def test_ending_all_other_sessions_keeps_the_current_one_and_its_tokens(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(EndSessions(user_id=juliet, keep=laptop.session_id))
    assert (is_live(service, laptop), is_live(service, phone)) == (True, False)
    assert (can_refresh(service, laptop), can_refresh(service, phone)) == (True, False)
    assert listed(service, juliet) == [laptop.session_id]
    assert history(service, "session", laptop.session_id) == ["opened", "kept"]
    assert history(service, "user", juliet) == ["registered", "sessions_ended"]


def test_a_session_may_end_all_others_repeatedly(service: Service, juliet: UUID, laptop: IssuedTokens) -> None:
    for _ in range(3):
        other = log_in(service)
        service.bus.handle(EndSessions(user_id=juliet, keep=laptop.session_id))
        assert (is_live(service, laptop), is_live(service, other)) == (True, False)


def test_after_ending_all_sessions_the_user_can_log_in_again(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(EndSessions(user_id=juliet))
    assert not is_live(service, laptop)
    assert not can_refresh(service, phone)
    assert listed(service, juliet) == []
    assert is_live(service, log_in(service))


def test_ending_sessions_does_not_affect_other_accounts(
    service: Service, juliet: UUID, romeo: UUID, phone: IssuedTokens
) -> None:
    service.bus.handle(EndSessions(user_id=romeo))
    assert is_live(service, phone)


def test_an_ended_session_cannot_end_others(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(LogOut(session_id=laptop.session_id))
    with pytest.raises(NotAuthenticated):
        service.bus.handle(EndSessions(user_id=juliet, keep=laptop.session_id))
    assert is_live(service, phone)


def test_a_session_of_another_user_cannot_be_kept(
    service: Service, juliet: UUID, romeo: UUID, phone: IssuedTokens
) -> None:
    for keep in (phone.session_id, uuid4()):
        with pytest.raises(NotAuthenticated):
            service.bus.handle(EndSessions(user_id=romeo, keep=keep))
    assert history(service, "user", romeo) == ["registered"]
