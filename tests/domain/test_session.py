from datetime import timedelta
from uuid import UUID

import pytest

from hexaccount.accounts.user import UserEnabled
from hexaccount.kernel.aggregate import ForeignEvent
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.session import (
    Session,
    SessionClosed,
    SessionKept,
    SessionOpened,
    SessionRefreshed,
    SessionReuseDetected,
)
from tests.domain.accounts import LIFETIMES, NOON, SESSION_ID, USER_ID, open_session, registered_user

LATER = NOON + timedelta(minutes=1)
OTHER_ID = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4aff")
MILLISECOND = timedelta(milliseconds=1)


def test_opening_records_the_device_and_the_epoch_of_the_account() -> None:
    user = registered_user()
    user.disable(NOON)
    user.enable(NOON)
    session = open_session(user)
    assert session.pending == [
        SessionOpened(
            user_id=USER_ID,
            at=NOON,
            session_id=SESSION_ID,
            epoch=1,
            client_address="192.0.2.7",
            user_agent="curl/8",
            idle_until=NOON + timedelta(hours=1),
            expires_at=NOON + timedelta(days=1),
        )
    ]
    assert (session.id, session.version, session.opened_at) == (SESSION_ID, 1, NOON)


def test_a_session_that_is_not_refreshed_is_live_until_it_is_idle_too_long() -> None:
    user = registered_user()
    session = open_session(user)
    assert session.is_live(user, NOON)
    assert session.is_live(user, session.idle_until - timedelta(milliseconds=1))
    assert not session.is_live(user, session.idle_until)


def test_a_session_that_may_be_idle_for_longer_than_it_may_last_ends_when_it_may_not_last_longer() -> None:
    burst = Lifetimes(
        access=timedelta(minutes=1), idle=timedelta(hours=2), absolute=timedelta(hours=1), grace=timedelta()
    )
    session = open_session(registered_user(), lifetimes=burst)
    assert session.idle_until == session.expires_at == NOON + timedelta(hours=1)


def test_refreshing_puts_the_end_off_and_remembers_the_use() -> None:
    user = registered_user()
    session = open_session(user)
    session.refresh(LATER, LIFETIMES)
    assert session.pending[1:] == [
        SessionRefreshed(user_id=USER_ID, session_id=SESSION_ID, idle_until=LATER + timedelta(hours=1), at=LATER)
    ]
    assert (session.opened_at, session.last_used_at, session.version) == (NOON, LATER, 2)
    assert session.is_live(user, LATER + timedelta(hours=1) - MILLISECOND)
    assert not session.is_live(user, LATER + timedelta(hours=1))


def test_however_often_it_is_refreshed_a_session_ends_when_it_may_not_last_longer() -> None:
    user = registered_user()
    session = open_session(user)
    for half_hours in range(1, 48):
        session.refresh(NOON + timedelta(minutes=30 * half_hours), LIFETIMES)
    assert session.idle_until == session.expires_at == NOON + timedelta(days=1)
    assert session.is_live(user, session.expires_at - MILLISECOND)
    assert not session.is_live(user, session.expires_at)


def test_longer_lifetimes_in_the_settings_do_not_prolong_a_session_that_was_opened_before() -> None:
    session = open_session(registered_user())
    longer = Lifetimes(
        access=LIFETIMES.access, idle=timedelta(days=30), absolute=timedelta(days=90), grace=LIFETIMES.grace
    )
    session.refresh(LATER, longer)
    assert session.idle_until == session.expires_at == NOON + timedelta(days=1)


def test_a_session_that_is_kept_outlives_the_end_of_all_others() -> None:
    user = registered_user()
    kept, other = open_session(user), open_session(user, session_id=OTHER_ID)
    user.end_sessions(LATER)
    kept.keep(user, LATER)
    assert kept.pending[1:] == [SessionKept(user_id=USER_ID, session_id=SESSION_ID, epoch=1, at=LATER)]
    assert (kept.is_live(user, LATER), other.is_live(user, LATER)) == (True, False)
    assert (kept.last_used_at, kept.idle_until) == (NOON, NOON + timedelta(hours=1))


def test_a_session_that_was_kept_once_ends_the_next_time() -> None:
    user = registered_user()
    session = open_session(user)
    user.change_password(LATER)
    session.keep(user, LATER)
    user.change_password(LATER)
    assert not session.is_live(user, LATER)


def test_a_session_that_is_kept_stays_dead_where_it_was_closed() -> None:
    user = registered_user()
    session = open_session(user)
    session.close(LATER)
    user.end_sessions(LATER)
    session.keep(user, LATER)
    assert not session.is_live(user, LATER)


def test_a_token_that_is_used_again_ends_the_session_and_says_why() -> None:
    user = registered_user()
    session = open_session(user)
    session.close_for_reuse(LATER)
    assert not session.is_live(user, LATER)
    assert session.pending[1:] == [
        SessionReuseDetected(user_id=USER_ID, session_id=SESSION_ID, at=LATER),
        SessionClosed(user_id=USER_ID, session_id=SESSION_ID, at=LATER),
    ]


def test_what_is_used_again_after_the_end_is_no_news() -> None:
    session = open_session(registered_user())
    session.close(LATER)
    session.close_for_reuse(LATER + timedelta(minutes=1))
    assert (session.version, session.closed_at) == (2, LATER)


def test_a_closed_session_is_dead() -> None:
    user = registered_user()
    session = open_session(user)
    session.close(LATER)
    assert not session.is_live(user, NOON)
    assert session.pending[1:] == [SessionClosed(user_id=USER_ID, session_id=SESSION_ID, at=LATER)]


def test_closing_a_closed_session_records_nothing() -> None:
    session = open_session(registered_user())
    session.close(LATER)
    session.close(LATER + timedelta(minutes=1))
    assert (session.version, session.closed_at, len(session.pending)) == (2, LATER, 2)


def test_a_session_of_a_disabled_account_is_dead_and_stays_dead_when_it_is_enabled() -> None:
    user = registered_user()
    session = open_session(user)
    user.disable(LATER)
    assert not session.is_live(user, LATER)
    user.enable(LATER)
    assert not session.is_live(user, LATER)


def test_a_session_that_a_login_opens_after_its_account_was_disabled_is_dead() -> None:
    as_the_login_read_it = registered_user()
    as_it_is_stored = registered_user()
    as_it_is_stored.disable(NOON)
    as_it_is_stored.enable(NOON)
    assert not open_session(as_the_login_read_it).is_live(as_it_is_stored, NOON)


def test_a_session_of_the_present_epoch_is_dead_while_its_account_is_disabled() -> None:
    user = registered_user()
    user.disable(NOON)
    assert not open_session(user).is_live(user, NOON)


def test_a_session_opens_no_other_account() -> None:
    assert not open_session(registered_user()).is_live(registered_user(user_id=OTHER_ID), NOON)


def test_what_a_client_says_of_itself_is_cut_and_made_printable() -> None:
    session = Session.open(
        session_id=SESSION_ID,
        user=registered_user(),
        client_address="1" * 100,
        user_agent="a\r\nb\0\u202e \U0001f40e" + "x" * 300,
        at=NOON,
        lifetimes=LIFETIMES,
    )
    assert session.client_address == "1" * 64
    assert session.user_agent.startswith("a??b?? \U0001f40ex")
    assert len(session.user_agent) == 256


def test_an_event_of_another_aggregate_is_foreign() -> None:
    opened = open_session(registered_user()).pending[0]
    foreign = UserEnabled(user_id=USER_ID, at=NOON)
    for journal in ([foreign], [opened, foreign], [opened, opened]):
        with pytest.raises(ForeignEvent, match="journal of a session"):
            Session.fold(journal)
