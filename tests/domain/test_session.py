from datetime import timedelta
from uuid import UUID

import pytest

from hexaccount.domain.aggregate import ForeignEvent
from hexaccount.domain.events import SessionClosed, SessionOpened, UserEnabled
from hexaccount.domain.session import Session
from tests.domain.accounts import LIFETIMES, NOON, SESSION_ID, USER_ID, open_session, registered_user

LATER = NOON + timedelta(minutes=1)
OTHER_ID = UUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4aff")


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
