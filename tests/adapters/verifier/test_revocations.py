from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from hexaccount_verifier import Claims, MalformedEvent
from hexaccount_verifier.revocations import EPOCH_RAISED, Revocations

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
USER, SESSION = UUID(int=1), UUID(int=2)


def claims(epoch: int = 0, *, session: UUID = SESSION, user: UUID = USER) -> Claims:
    return Claims(token_id=uuid4(), user_id=user, session_id=session, epoch=epoch, issued_at=NOW, expires_at=NOW + HOUR)


def event(event_type: str, *, subject: UUID = USER, at: datetime | None = NOW, **data: Any) -> dict[str, Any]:
    time = {} if at is None else {"time": at.isoformat().replace("+00:00", "Z")}
    data = {name: str(value) if isinstance(value, UUID) else value for name, value in data.items()}
    return {"specversion": "1.0", "type": f"hexaccount.{event_type}.v1", "subject": str(subject), "data": data, **time}


def after(*events: dict[str, Any], now: datetime = NOW) -> Revocations:
    revocations = Revocations(HOUR, MINUTE)
    for one in events:
        revocations.learn(one, now)
    return revocations


ERASED = event("user.erased")
CLOSED = event("session.closed", session_id=SESSION)


def test_an_erasure_revokes_all_tokens_of_the_account() -> None:
    revocations = after(ERASED)
    assert revocations.is_revoked(claims())
    assert revocations.is_revoked(claims(epoch=1000, session=UUID(int=3)))
    assert not revocations.is_revoked(claims(user=UUID(int=9)))


def test_a_closed_session_revokes_its_tokens_alone() -> None:
    revocations = after(CLOSED)
    assert revocations.is_revoked(claims())
    assert not revocations.is_revoked(claims(session=UUID(int=3)))


@pytest.mark.parametrize("name", ["user.disabled", "user.password_changed", "user.sessions_ended"])
def test_a_raised_epoch_revokes_the_user_s_earlier_tokens(name: str) -> None:
    assert f"hexaccount.{name}.v1" in EPOCH_RAISED
    revocations = after(event(name, epoch=2))
    assert [revocations.is_revoked(claims(epoch)) for epoch in (0, 1, 2, 3)] == [True, True, False, False]
    assert not revocations.is_revoked(claims(0, user=UUID(int=9)))


def test_a_kept_session_stays_valid_until_the_next_epoch() -> None:
    raised, kept = event("user.password_changed", epoch=1), event("session.kept", session_id=SESSION, epoch=1)
    revocations = after(raised, kept)
    assert not revocations.is_revoked(claims(0))
    assert revocations.is_revoked(claims(0, session=UUID(int=3)))
    revocations.learn(event("user.disabled", epoch=2), NOW)
    assert revocations.is_revoked(claims(0))
    assert revocations.is_revoked(claims(1))


def test_a_kept_session_can_be_closed() -> None:
    revocations = after(
        event("user.password_changed", epoch=1), event("session.kept", session_id=SESSION, epoch=1), CLOSED
    )
    assert revocations.is_revoked(claims(0))


def test_order_and_repetition_of_events_do_not_matter() -> None:
    events = [
        event("user.password_changed", epoch=1),
        event("user.sessions_ended", epoch=3),
        event("session.kept", session_id=SESSION, epoch=1),
        event("session.kept", session_id=UUID(int=4), epoch=3),
    ]
    for order in permutations([*events, events[0]]):
        revocations = after(*order)
        assert revocations.is_revoked(claims(2))
        assert revocations.is_revoked(claims(0))
        assert not revocations.is_revoked(claims(0, session=UUID(int=4)))
        assert len(revocations) == 3


def test_entries_without_any_valid_token_are_removed() -> None:
    revocations = Revocations(HOUR, MINUTE)
    for minute in range(600):
        now = NOW + timedelta(minutes=minute)
        revocations.learn(event("session.closed", session_id=uuid4(), at=now), now)
        revocations.learn(event("user.disabled", subject=uuid4(), epoch=1, at=now), now)
        revocations.learn(event("session.kept", session_id=uuid4(), epoch=1, at=now), now)
    assert len(revocations) == 3 * 63
    assert len(revocations._by_end) == 3 * 63


def test_a_revocation_is_stored_while_an_earlier_token_may_be_valid() -> None:
    revocations = after(CLOSED)
    revocations.learn(event("user.enabled"), NOW + HOUR)
    revocations.learn(event("session.closed", session_id=uuid4(), at=NOW + HOUR), NOW + HOUR)
    assert revocations.is_revoked(claims())


@pytest.mark.parametrize("leeway", [timedelta(), MINUTE, 5 * MINUTE])
def test_a_revoked_token_of_a_clock_that_is_ahead_is_never_valid_again(leeway: timedelta) -> None:
    """The process that has ended the session is a leeway behind the one that had issued the token."""
    revocations = Revocations(HOUR, leeway)
    revocations.learn(event("session.closed", session_id=SESSION, at=NOW - leeway), NOW)
    last_accepted = NOW + leeway + HOUR - timedelta(milliseconds=1)
    revocations.learn(event("session.closed", session_id=uuid4(), at=last_accepted), last_accepted)
    assert revocations.is_revoked(claims())


def test_a_later_epoch_extends_the_entry() -> None:
    revocations = after(event("user.disabled", epoch=1))
    later = NOW + timedelta(minutes=30)
    revocations.learn(event("user.sessions_ended", epoch=2, at=later), later)
    revocations.learn(event("session.closed", session_id=uuid4()), NOW + timedelta(minutes=80))
    assert revocations.is_revoked(claims(1))


def test_events_of_long_ago_are_not_stored() -> None:
    old = NOW - timedelta(days=3)
    assert len(after(event("session.closed", session_id=SESSION, at=old))) == 0


@pytest.mark.parametrize("at", [None, NOW + timedelta(days=300)])
def test_a_missing_or_future_time_counts_as_now(at: datetime | None) -> None:
    revocations = after(event("session.closed", session_id=SESSION, at=at))
    assert revocations.is_revoked(claims())
    revocations.learn(event("session.closed", session_id=uuid4(), at=NOW + 2 * HOUR), NOW + 2 * HOUR)
    assert len(revocations) == 1


@pytest.mark.parametrize("time", ["yesterday", 5, None, "2026-11-22T12:00:00"])
def test_an_invalid_time_counts_as_now(time: object) -> None:
    assert after({**CLOSED, "time": time}).is_revoked(claims())


@pytest.mark.parametrize(
    "other", [{}, {"type": None}, {"type": "hexaccount.user.registered.v1"}, event("session.opened"), {"type": "x"}]
)
def test_other_events_are_ignored(other: dict[str, Any]) -> None:
    assert len(after(other)) == 0


@pytest.mark.parametrize(
    ("malformed", "field"),
    [
        (event("session.closed"), "session_id"),
        (event("session.closed", session_id="x"), "session_id"),
        ({**CLOSED, "data": None}, "no data"),
        (event("session.kept", session_id=SESSION), "epoch"),
        (event("user.disabled"), "epoch"),
        (event("user.disabled", epoch=True), "epoch"),
        (event("user.disabled", epoch="1"), "epoch"),
        ({**event("user.disabled", epoch=1), "subject": "ann"}, "subject"),
    ],
)
def test_an_event_that_names_no_tokens_is_malformed(malformed: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedEvent, match=field):
        after(malformed)
