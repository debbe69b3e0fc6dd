from datetime import datetime, timedelta
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
    SessionReuseDetected,
)
from tests.hexagon.sample_accounts import LIFETIMES, NOON, SESSION_ID, USER_ID, open_session, registered_user

LATER = NOON + timedelta(minutes=1)
OTHER_ID = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4aff")
MILLISECOND = timedelta(milliseconds=1)


def test_opening_records_the_device_and_the_epoch() -> None:
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


def test_a_session_without_a_refresh_is_live_for_its_idle_lifetime() -> None:
    user = registered_user()
    session = open_session(user)
    assert session.is_live(user, NOON)
    assert session.is_live(user, session.idle_until - timedelta(milliseconds=1))
    assert not session.is_live(user, session.idle_until)


def test_the_absolute_lifetime_limits_a_longer_idle_lifetime() -> None:
    short = Lifetimes(
        access=timedelta(minutes=1), idle=timedelta(hours=2), absolute=timedelta(hours=1), grace=timedelta()
    )
    session = open_session(registered_user(), lifetimes=short)
    assert session.idle_until == session.expires_at == NOON + timedelta(hours=1)


def refresh(session: Session, at: datetime, lifetimes: Lifetimes = LIFETIMES) -> None:
    session.refresh(at, lifetimes, client_address="192.0.2.8", user_agent="another")


def test_refreshing_extends_the_session_without_an_event() -> None:
    user = registered_user()
    session = open_session(user)
    refresh(session, LATER)
    assert session.pending[1:] == []
    assert (session.opened_at, session.last_used_at, session.version) == (NOON, LATER, 1)
    assert session.is_live(user, LATER + timedelta(hours=1) - MILLISECOND)
    assert not session.is_live(user, LATER + timedelta(hours=1))


def test_a_session_ends_with_its_absolute_lifetime_despite_refreshes() -> None:
    user = registered_user()
    session = open_session(user)
    for half_hours in range(1, 48):
        refresh(session, NOON + timedelta(minutes=30 * half_hours))
    assert session.idle_until == session.expires_at == NOON + timedelta(days=1)
    assert session.is_live(user, session.expires_at - MILLISECOND)
    assert not session.is_live(user, session.expires_at)


def test_longer_configured_lifetimes_do_not_extend_open_sessions() -> None:
    session = open_session(registered_user())
    longer = Lifetimes(
        access=LIFETIMES.access, idle=timedelta(days=30), absolute=timedelta(days=90), grace=LIFETIMES.grace
    )
    refresh(session, LATER, longer)
    assert session.idle_until == session.expires_at == NOON + timedelta(days=1)


def test_a_kept_session_stays_live_when_all_others_end() -> None:
    user = registered_user()
    kept, other = open_session(user), open_session(user, session_id=OTHER_ID)
    user.end_sessions(LATER)
    kept.keep(user, LATER)
    assert kept.pending[1:] == [SessionKept(user_id=USER_ID, session_id=SESSION_ID, epoch=1, at=LATER)]
    assert (kept.is_live(user, LATER), other.is_live(user, LATER)) == (True, False)
    assert (kept.last_used_at, kept.idle_until) == (NOON, NOON + timedelta(hours=1))


def test_a_kept_session_ends_the_next_time_unless_kept_again() -> None:
    user = registered_user()
    session = open_session(user)
    user.change_password("another hash", LATER)
    session.keep(user, LATER)
    user.change_password("another hash", LATER)
    assert not session.is_live(user, LATER)


def test_keeping_a_closed_session_does_not_reopen_it() -> None:
    user = registered_user()
    session = open_session(user)
    session.close(LATER)
    user.end_sessions(LATER)
    session.keep(user, LATER)
    assert not session.is_live(user, LATER)


def test_the_reuse_of_a_token_closes_the_session_with_the_reason() -> None:
    user = registered_user()
    session = open_session(user)
    session.close_for_reuse(LATER)
    assert not session.is_live(user, LATER)
    assert session.pending[1:] == [
        SessionReuseDetected(user_id=USER_ID, session_id=SESSION_ID, at=LATER),
        SessionClosed(user_id=USER_ID, session_id=SESSION_ID, at=LATER),
    ]


def test_a_reuse_after_the_end_records_nothing() -> None:
    session = open_session(registered_user())
    session.close(LATER)
    session.close_for_reuse(LATER + timedelta(minutes=1))
    assert (session.version, session.closed_at) == (2, LATER)


def test_a_closed_session_is_not_live() -> None:
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


def test_disabling_an_account_ends_its_sessions_even_if_it_is_enabled_again() -> None:
    user = registered_user()
    session = open_session(user)
    user.disable(LATER)
    assert not session.is_live(user, LATER)
    user.enable(LATER)
    assert not session.is_live(user, LATER)


def test_a_session_of_an_older_epoch_of_the_account_is_not_live() -> None:
    read_by_login = registered_user()
    stored = registered_user()
    stored.disable(NOON)
    stored.enable(NOON)
    assert not open_session(read_by_login).is_live(stored, NOON)


def test_a_session_of_the_current_epoch_is_not_live_while_the_account_is_disabled() -> None:
    user = registered_user()
    user.disable(NOON)
    assert not open_session(user).is_live(user, NOON)


def test_a_session_is_not_live_for_another_account() -> None:
    assert not open_session(registered_user()).is_live(registered_user(user_id=OTHER_ID), NOON)


def test_client_address_and_user_agent_are_truncated_and_made_printable() -> None:
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


def test_folding_an_event_of_another_aggregate_raises() -> None:
    opened = open_session(registered_user()).pending[0]
    foreign = UserEnabled(user_id=USER_ID, at=NOON)
    for journal in ([foreign], [opened, foreign], [opened, opened]):
        with pytest.raises(ForeignEvent, match="journal of a session"):
            Session.fold(journal)
