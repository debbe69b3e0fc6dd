from datetime import UTC, datetime, timedelta
from uuid import UUID

from hexaccount.events.delivery_cursor import DeliveryCursor
from hexaccount.kernel.identifiers import first_id_at, moment_of

NOW = datetime(2027, 1, 1, tzinfo=UTC)
EVENT = first_id_at(NOW - timedelta(minutes=5))


def test_a_cursor_begins_at_the_start_and_follows_the_ends() -> None:
    cursor = DeliveryCursor()
    assert cursor.next(NOW) is None
    cursor.advance(None, EVENT, began=NOW, ended=NOW)
    assert cursor.next(NOW) == EVENT
    assert not cursor.at_end


def test_after_a_quick_claim_from_the_start_the_next_begins_there_again() -> None:
    cursor = DeliveryCursor()
    cursor.advance(None, None, began=NOW, ended=NOW + timedelta(milliseconds=2))
    assert cursor.at_end
    assert cursor.next(NOW + timedelta(milliseconds=42)) is None


def test_after_a_slow_claim_from_the_start_the_next_ones_begin_just_before_the_last() -> None:
    cursor = DeliveryCursor()
    ended = NOW + timedelta(seconds=1)
    cursor.advance(None, None, began=NOW, ended=ended)
    later = NOW + timedelta(seconds=19)
    recent = cursor.next(later)
    assert recent is not None
    assert moment_of(recent) == NOW - timedelta(seconds=2)
    cursor.advance(recent, None, began=later, ended=later)
    followed = cursor.next(later)
    assert followed is not None
    assert moment_of(followed) == later - timedelta(seconds=2)
    assert cursor.next(ended + timedelta(seconds=20)) is None


def test_a_cursor_may_begin_after_an_event() -> None:
    assert DeliveryCursor(EVENT).next(NOW) == EVENT
    assert DeliveryCursor(UUID(int=0)).at_end is False
