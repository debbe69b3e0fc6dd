"""What a follower of the journal finds when commits come late, out of order, or not at all for a while."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest

from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import disable, save
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_tail import FAR, JournalTail
from hexaccount.events.ports import EventFilter, History
from hexaccount.kernel.identifiers import Identifiers, first_id_at
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_memory import MemoryStore


class ClockOfAnotherMachine(Identifiers):
    """Makes ids by a clock that is late."""

    def __init__(self, clock: AdjustableClock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self.late = timedelta()

    def new(self) -> UUID:
        return UUID(int=first_id_at(self._clock.now() - self.late).int + next(self._numbers))


@pytest.fixture
def identifiers(clock: AdjustableClock) -> ClockOfAnotherMachine:
    return ClockOfAnotherMachine(clock)


@pytest.fixture
def store(identifiers: ClockOfAnotherMachine) -> MemoryStore:
    return MemoryStore(EventRecorder(identifiers, "urn:test"))


@pytest.fixture
def follower(store: MemoryStore, clock: AdjustableClock) -> JournalTail:
    follower = JournalTail(store.history, commits=store.commits, clock=clock)
    assert list(follower.news()) == []
    clock.advance(seconds=60)
    assert list(follower.news()) == []
    return follower


def told(follower: JournalTail) -> list[tuple[str, int]]:
    return [(entry.type.split(".")[2], entry.sequence) for entry in follower.news()]


@pytest.mark.parametrize("late", [0.0, 0.4, 0.6, 5.0, 9.0])
def test_who_commits_late_is_heard_a_second_later_at_the_latest(
    store: MemoryStore,
    follower: JournalTail,
    identifiers: ClockOfAnotherMachine,
    clock: AdjustableClock,
    late: float,
) -> None:
    people = People()
    identifiers.late = timedelta(seconds=late)
    save(store, people.user())
    heard = told(follower)
    clock.advance(seconds=1)
    heard += told(follower)
    clock.advance(seconds=1)
    assert heard + told(follower) == [("registered", 1)]


def test_who_commits_later_than_that_is_missed_and_does_no_harm(
    store: MemoryStore, follower: JournalTail, identifiers: ClockOfAnotherMachine, clock: AdjustableClock
) -> None:
    people = People()
    identifiers.late = FAR + timedelta(minutes=2)
    save(store, people.user())
    clock.advance(seconds=1)
    assert told(follower) == []
    identifiers.late = timedelta()
    save(store, people.user())
    assert told(follower) == [("registered", 1)]


def test_the_events_of_an_aggregate_come_in_order_also_where_their_ids_do_not(
    store: MemoryStore, follower: JournalTail, identifiers: ClockOfAnotherMachine
) -> None:
    people = People()
    user = people.user()
    save(store, user)
    identifiers.late = timedelta(milliseconds=300)
    disable(store, user.id, people.now())
    assert told(follower) == [("registered", 1), ("disabled", 2)]


def test_nothing_is_told_twice_over_a_long_time(
    store: MemoryStore, follower: JournalTail, clock: AdjustableClock
) -> None:
    people = People()
    heard = []
    for _ in range(60):
        save(store, people.user())
        clock.advance(seconds=0.35)
        heard += follower.news()
    assert len(heard) == len({entry.id for entry in heard}) == store.history.count(EventFilter()) == 60


class OftenAway(History):
    """A history whose store is away at some looks."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.away = False
        self.asked = threading.Event()

    def page(self, event_filter: EventFilter, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        self.asked.set()
        if self.away:
            raise StoreUnavailable
        return self._history.page(event_filter, limit=limit, after=after)


@pytest.fixture
def running(store: MemoryStore, clock: AdjustableClock) -> Iterator[Callable[..., None]]:
    """Give a function that has a follower run until the end of the test."""
    ends = []

    def run(history: History, tell: Callable[[Sequence[JournalEntry]], None]) -> None:
        follower = JournalTail(history, commits=store.commits, clock=clock)
        follower.news()
        thread = threading.Thread(target=follower.run, args=[tell])
        thread.start()
        ends.append((follower, thread))

    yield run
    for follower, thread in ends:
        follower.stop()
        thread.join(10)
        assert not thread.is_alive()


def test_a_store_that_is_away_is_told_once_and_waited_for(
    store: MemoryStore, running: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    history = OftenAway(store.history)
    heard, told = [], threading.Event()

    def tell(entries: Sequence[JournalEntry]) -> None:
        heard.extend(entries)
        told.set()

    running(history, tell)
    history.away = True
    for _ in range(2):
        history.asked.clear()
        assert history.asked.wait(10)
    save(store, People().user())
    history.away = False
    assert told.wait(10)
    assert [entry.sequence for entry in heard] == [1]
    assert len([record for record in caplog.records if "hear nothing" in record.message]) == 1


def test_who_fails_to_take_an_event_hears_of_the_next(
    store: MemoryStore, running: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    heard, told = [], threading.Event()

    def tell(entries: Sequence[JournalEntry]) -> None:
        heard.extend(entries)
        told.set()
        if len(heard) == 1:
            raise RuntimeError("no socket is as it was")

    running(store.history, tell)
    people = People()
    for number in (1, 2):
        told.clear()
        save(store, people.user())
        assert told.wait(10)
        assert len(heard) == number
    assert [record.message for record in caplog.records if record.exc_info] == ["1 events were not told"]
