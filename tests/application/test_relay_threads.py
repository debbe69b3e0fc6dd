import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Delivery, ReceiverUnavailable
from hexaccount.events.relay import Relay, RelayPolicy
from hexaccount_memory import MemoryStore
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_system import SystemClock
from tests.application.listeners import Listener, register, relay_of

SOON = timedelta(milliseconds=1)
NEVER = timedelta(minutes=5)
PATIENCE = 10.0


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@contextmanager
def running(*relays: Relay) -> Iterator[list[threading.Thread]]:
    threads = [threading.Thread(target=relay.run) for relay in relays]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        for relay in relays:
            relay.stop()
        for thread in threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads)


def wait_until(reached: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE * 100)):
        if reached():
            break
        threading.Event().wait(0.01)


class WaitingListener(Listener):
    """Tells when it is brought something, and takes it only when it may."""

    def __init__(self, name: str = "waiting") -> None:
        super().__init__(name)
        self.begun, self.may_end, self.ended = threading.Event(), threading.Event(), threading.Event()

    def deliver(self, entries) -> None:
        self.begun.set()
        assert self.may_end.wait(PATIENCE)
        super().deliver(entries)
        self.ended.set()


def test_a_commit_wakes_the_relay(store: MemoryStore, clock: SystemClock) -> None:
    listener = WaitingListener()
    listener.may_end.set()
    with running(relay_of(listener, store, clock, poll=NEVER)):
        register(store, clock, "juliet")
        assert listener.ended.wait(PATIENCE)


def test_every_event_is_delivered_in_order_while_commits_go_on(store: MemoryStore, clock: SystemClock) -> None:
    listener = Listener()
    relays = [relay_of(listener, store, clock, poll=NEVER, batch=3) for _ in range(2)]
    names = [f"user{number}" for number in range(100)]
    with running(*relays):
        for name in names:
            register(store, clock, name, disabled=True)
        wait_until(lambda: len(listener.heard) == 200)
    assert sorted(listener.heard) == sorted(f"{name} {number}" for name in names for number in (1, 2))
    assert all(listener.heard.index(f"{name} 1") < listener.heard.index(f"{name} 2") for name in names)


class SecondHand(Listener):
    """Is brought nothing by one thread, from the second batch on, before another comes with the next batch."""

    def __init__(self) -> None:
        super().__init__()
        self.both = threading.Barrier(2, timeout=PATIENCE)

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        if 0 < len(self.heard) <= 4:
            self.both.wait()
        super().deliver(entries)


def test_while_one_batch_of_a_backlog_is_delivered_another_is_claimed(store: MemoryStore, clock: SystemClock) -> None:
    listener = SecondHand()
    relay = relay_of(listener, store, clock, poll=NEVER, batch=2, hands=2)
    for number in range(6):
        register(store, clock, f"user{number}")
    with running(relay):
        wait_until(lambda: len(listener.heard) == 6)
    assert sorted(listener.heard) == [f"user{number} 1" for number in range(6)]


def test_a_backlog_is_worked_off_in_order_by_all_hands(store: MemoryStore, clock: SystemClock) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock, poll=NEVER, batch=3, hands=4)
    names = [f"user{number}" for number in range(100)]
    for name in names:
        register(store, clock, name, disabled=True)
    with running(relay):
        wait_until(lambda: len(listener.heard) == 200)
    assert sorted(listener.heard) == sorted(f"{name} {number}" for name in names for number in (1, 2))
    assert all(listener.heard.index(f"{name} 1") < listener.heard.index(f"{name} 2") for name in names)


def test_a_hand_that_fails_leaves_its_work_to_the_others(store: MemoryStore, clock: SystemClock) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock, batch=2, hands=3, longest_wait=SOON, first_pause=SOON)
    for number in range(20):
        register(store, clock, f"user{number}")
    listener.refuse = lambda event: ReceiverUnavailable() if len(listener.tried) % 3 == 0 else None
    with running(relay):
        wait_until(lambda: len(listener.heard) == 20)
    assert sorted(listener.heard) == sorted(f"user{number} 1" for number in range(20))


def test_who_is_back_is_noticed_soon_however_long_the_pauses_of_an_event_may_be(
    store: MemoryStore, clock: SystemClock
) -> None:
    listener = WaitingListener()
    listener.may_end.set()
    listener.refuse = lambda event: ReceiverUnavailable() if len(listener.tried) < 4 else None
    with running(relay_of(listener, store, clock, first_pause=NEVER, longest_pause=NEVER, longest_wait=SOON)):
        register(store, clock, "juliet")
        assert listener.ended.wait(PATIENCE)


def test_a_relay_that_is_stopped_finishes_what_it_holds(store: MemoryStore, clock: SystemClock) -> None:
    listener = WaitingListener()
    relay = relay_of(listener, store, clock, poll=NEVER)
    register(store, clock, "juliet")
    with running(relay) as (thread,):
        assert listener.begun.wait(PATIENCE)
        relay.stop()
        thread.join(0.05)
        assert thread.is_alive()
        listener.may_end.set()
    assert listener.heard == ["juliet 1"]
    assert relay.run_once() == 0


def test_a_relay_that_is_stopped_begins_nothing_more(store: MemoryStore, clock: SystemClock) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock)
    register(store, clock, "juliet")
    relay.stop()
    relay.run()
    assert listener.tried == []


def test_a_relay_that_is_stopped_among_failures_gives_back_the_rest(store: MemoryStore, clock: SystemClock) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock)
    for name in ("juliet", "romeo"):
        register(store, clock, name)

    def fail_and_stop(event: str) -> Exception:
        relay.stop()
        return ValueError(event)

    listener.refuse = fail_and_stop
    relay.run_once()
    assert listener.tried == [["juliet 1", "romeo 1"]]
    claimed = store.outbox.claim("listener", limit=10, now=clock.now(), lease=NEVER)
    assert [delivery.attempts for delivery in claimed] == [0, 0]


def test_a_slow_subscriber_does_not_hold_up_another(store: MemoryStore, clock: SystemClock) -> None:
    slow, quick = WaitingListener("slow"), WaitingListener("quick")
    quick.may_end.set()
    with running(relay_of(slow, store, clock, poll=NEVER), relay_of(quick, store, clock, poll=NEVER)):
        register(store, clock, "juliet")
        assert slow.begun.wait(PATIENCE)
        assert quick.ended.wait(PATIENCE)
        assert slow.heard == []
        slow.may_end.set()
    assert slow.heard == ["juliet 1"]


class TroubledOutbox(MemoryOutbox):
    """The memory store's outbox, which breaks down a few times before it works."""

    __slots__ = ("troubles",)

    def claim(self, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        if self.troubles:
            raise self.troubles.pop()
        return super().claim(subscriber, limit=limit, now=now, lease=lease)


def test_a_relay_survives_a_store_that_breaks_in_ways_nobody_knows(
    store: MemoryStore, clock: SystemClock, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = TroubledOutbox(store._tables, store.commits)
    object.__setattr__(outbox, "troubles", [OSError("broken pipe"), RuntimeError("never seen before")])
    listener = WaitingListener()
    listener.may_end.set()
    outbox.subscribe(listener.name, listener.event_types)
    policy = RelayPolicy(first_pause=SOON, poll=NEVER)
    register(store, clock, "juliet")
    with (
        caplog.at_level(logging.ERROR, "hexaccount.relay"),
        running(Relay(listener, outbox=outbox, commits=store.commits, clock=clock, policy=policy)),
    ):
        assert listener.ended.wait(PATIENCE)
    assert listener.heard == ["juliet 1"]
    assert caplog.text.count("the relay of waiting could not work; it tries again") == 2


def test_a_relay_waits_for_a_receiver_that_is_away_and_counts_nothing(
    store: MemoryStore, clock: SystemClock, caplog: pytest.LogCaptureFixture
) -> None:
    listener = WaitingListener()
    listener.may_end.set()
    absences = [ReceiverUnavailable("no broker")] * 3
    listener.refuse = lambda event: absences.pop() if absences else None
    register_first = relay_of(listener, store, clock, attempts=1, first_pause=NEVER, longest_wait=SOON, poll=NEVER)
    register(store, clock, "juliet")
    with caplog.at_level(logging.WARNING, "hexaccount.relay"), running(register_first):
        assert listener.ended.wait(PATIENCE)
    assert listener.heard == ["juliet 1"]
    assert store.dead_letters.page(limit=1, after=None) == []
    # In a line each, without a trace.
    assert [record.getMessage() for record in caplog.records] == ["the relay of waiting waits: no broker"] * 3
    assert "Traceback" not in caplog.text


def test_a_relay_that_waits_after_a_breakdown_stops_at_once(
    store: MemoryStore, clock: SystemClock, caplog: pytest.LogCaptureFixture
) -> None:
    listener = WaitingListener()
    listener.may_end.set()
    listener.refuse = lambda event: ReceiverUnavailable()
    relay = relay_of(listener, store, clock, first_pause=NEVER)
    register(store, clock, "juliet")
    with running(relay) as (thread,):
        assert listener.begun.wait(PATIENCE)
        relay.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()
