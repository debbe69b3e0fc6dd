"""The journal tail with commits that are late or out of order, and with an unavailable store."""

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import count
from uuid import UUID

import pytest

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import disable, save
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_tail import FAR, JournalTail
from hexaccount.events.ports import EventFilter, History
from hexaccount.kernel.identifiers import Identifiers, first_id_at
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryStore


class SkewedIdentifiers(Identifiers):
    """Makes ids by a clock that is behind by `late`."""

    def __init__(self, clock: AdjustableClock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self.late = timedelta()

    def new(self) -> UUID:
        return UUID(int=first_id_at(self._clock.now() - self.late).int + next(self._numbers))


@pytest.fixture
def identifiers(clock: AdjustableClock) -> SkewedIdentifiers:
    return SkewedIdentifiers(clock)


@pytest.fixture
def store(identifiers: SkewedIdentifiers) -> MemoryStore:
    return MemoryStore(EventRecorder(identifiers, "urn:test"))


@pytest.fixture
def tail(store: MemoryStore, clock: AdjustableClock) -> JournalTail:
    tail = JournalTail(store.history, commits=store.commits, clock=clock)
    assert list(tail.poll()) == []
    clock.advance(seconds=60)
    assert list(tail.poll()) == []
    return tail


def poll(tail: JournalTail) -> list[tuple[str, int]]:
    return [(entry.type.split(".")[2], entry.sequence) for entry in tail.poll()]


@pytest.mark.parametrize("late", [0.0, 0.4, 0.6, 5.0, 9.0])
def test_an_event_committed_late_is_found_within_a_second(
    store: MemoryStore,
    tail: JournalTail,
    identifiers: SkewedIdentifiers,
    clock: AdjustableClock,
    late: float,
) -> None:
    factory = Factory()
    identifiers.late = timedelta(seconds=late)
    save(store, factory.user())
    received = poll(tail)
    clock.advance(seconds=1)
    received += poll(tail)
    clock.advance(seconds=1)
    assert received + poll(tail) == [("registered", 1)]


def test_an_event_committed_too_late_is_missed_and_delays_no_others(
    store: MemoryStore, tail: JournalTail, identifiers: SkewedIdentifiers, clock: AdjustableClock
) -> None:
    factory = Factory()
    identifiers.late = FAR + timedelta(minutes=2)
    save(store, factory.user())
    clock.advance(seconds=1)
    assert poll(tail) == []
    identifiers.late = timedelta()
    save(store, factory.user())
    assert poll(tail) == [("registered", 1)]


def test_a_tail_whose_clock_is_set_back_finds_what_is_committed_late_and_forgets_what_it_has_seen(
    store: MemoryStore, tail: JournalTail, identifiers: SkewedIdentifiers, clock: AdjustableClock
) -> None:
    factory = Factory()
    clock.advance(days=-1)
    for _ in range(20):
        identifiers.late = timedelta(seconds=9)
        save(store, factory.user())
        clock.advance(seconds=1)
        assert poll(tail) == [("registered", 1)]
    assert len(tail._seen) < 20


def test_events_of_an_aggregate_are_ordered_by_sequence_even_if_their_ids_are_not(
    store: MemoryStore, tail: JournalTail, identifiers: SkewedIdentifiers
) -> None:
    factory = Factory()
    user = factory.user()
    save(store, user)
    identifiers.late = timedelta(milliseconds=300)
    disable(store, user.id, factory.now())
    assert poll(tail) == [("registered", 1), ("disabled", 2)]


def test_every_event_is_found_exactly_once_over_a_long_time(
    store: MemoryStore, tail: JournalTail, clock: AdjustableClock
) -> None:
    factory = Factory()
    received = []
    for _ in range(60):
        save(store, factory.user())
        clock.advance(seconds=0.35)
        received += tail.poll()
    assert len(received) == len({entry.id for entry in received}) == store.history.count(EventFilter()) == 60


class UnreliableHistory(History):
    """A history whose store is unavailable while `unavailable` is set."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.unavailable = False
        self.queried = threading.Event()

    def page(self, event_filter: EventFilter, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        self.queried.set()
        if self.unavailable:
            raise StoreUnavailable
        return self._history.page(event_filter, limit=limit, after=after)


@pytest.fixture
def running(store: MemoryStore, clock: AdjustableClock) -> Iterator[Callable[..., None]]:
    """Return a function that runs a tail until the end of the test."""
    started = []

    def run(history: History, callback: Callable[[Sequence[JournalEntry]], None]) -> None:
        tail = JournalTail(history, commits=store.commits, clock=clock)
        tail.poll()
        thread = threading.Thread(target=tail.run, args=[callback])
        thread.start()
        started.append((tail, thread))

    yield run
    for tail, thread in started:
        tail.stop()
        thread.join(10)
        assert not thread.is_alive()


def test_an_unavailable_store_is_logged_once_and_polled_again(
    store: MemoryStore, running: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    history = UnreliableHistory(store.history)
    received, called = [], threading.Event()

    def callback(entries: Sequence[JournalEntry]) -> None:
        received.extend(entries)
        called.set()

    running(history, callback)
    history.unavailable = True
    for _ in range(2):
        history.queried.clear()
        assert history.queried.wait(10)
    save(store, Factory().user())
    history.unavailable = False
    assert called.wait(10)
    assert [entry.sequence for entry in received] == [1]
    assert len([record for record in caplog.records if "receive no events" in record.message]) == 1


def test_an_error_of_the_callback_does_not_stop_later_events(
    store: MemoryStore, running: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    received, called = [], threading.Event()

    def callback(entries: Sequence[JournalEntry]) -> None:
        received.extend(entries)
        called.set()
        if len(received) == 1:
            raise RuntimeError("the callback failed")

    running(store.history, callback)
    factory = Factory()
    for number in (1, 2):
        called.clear()
        save(store, factory.user())
        assert called.wait(10)
        assert len(received) == number
    assert [record.message for record in caplog.records if record.exc_info] == ["1 events were not passed on"]
