import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ClaimedBatch, ReceiverUnavailable
from hexaccount.events.relay import Relay, RelayPolicy
from hexaccount_memory import MemoryStore
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_system import SystemClock
from tests.hexagon.events.recording_subscriber import RecordingSubscriber, register, relay_of
from tests.hexagon.events.relay_threads import NEVER, PATIENCE, SOON, BlockingSubscriber, running, wait_until


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


def test_a_commit_wakes_the_relay(store: MemoryStore, clock: SystemClock) -> None:
    subscriber = BlockingSubscriber()
    subscriber.released.set()
    with running(relay_of(subscriber, store, clock, poll=NEVER)):
        register(store, clock, "juliet")
        assert subscriber.ended.wait(PATIENCE)


def test_events_are_delivered_in_order_during_commits(store: MemoryStore, clock: SystemClock) -> None:
    subscriber = RecordingSubscriber()
    relays = [relay_of(subscriber, store, clock, poll=NEVER, batch=3) for _ in range(2)]
    names = [f"user{number}" for number in range(100)]
    with running(*relays):
        for name in names:
            register(store, clock, name, disabled=True)
        wait_until(lambda: len(subscriber.delivered) == 200)
    assert sorted(subscriber.delivered) == sorted(f"{name} {number}" for name in names for number in (1, 2))
    assert all(subscriber.delivered.index(f"{name} 1") < subscriber.delivered.index(f"{name} 2") for name in names)


class PairedSubscriber(RecordingSubscriber):
    """Accepts each batch after the first only when a second thread delivers another one concurrently."""

    def __init__(self) -> None:
        super().__init__()
        self.both = threading.Barrier(2, timeout=PATIENCE)

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        if 0 < len(self.delivered) <= 4:
            self.both.wait()
        super().deliver(entries)


def test_threads_deliver_batches_of_a_backlog_concurrently(store: MemoryStore, clock: SystemClock) -> None:
    subscriber = PairedSubscriber()
    relay = relay_of(subscriber, store, clock, poll=NEVER, batch=2, threads=2)
    for number in range(6):
        register(store, clock, f"user{number}")
    with running(relay):
        wait_until(lambda: len(subscriber.delivered) == 6)
    assert sorted(subscriber.delivered) == [f"user{number} 1" for number in range(6)]


def test_threads_deliver_a_backlog_in_order(store: MemoryStore, clock: SystemClock) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock, poll=NEVER, batch=3, threads=4)
    names = [f"user{number}" for number in range(100)]
    for name in names:
        register(store, clock, name, disabled=True)
    with running(relay):
        wait_until(lambda: len(subscriber.delivered) == 200)
    assert sorted(subscriber.delivered) == sorted(f"{name} {number}" for name in names for number in (1, 2))
    assert all(subscriber.delivered.index(f"{name} 1") < subscriber.delivered.index(f"{name} 2") for name in names)


def test_other_threads_deliver_the_events_of_a_failing_one(store: MemoryStore, clock: SystemClock) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock, batch=2, threads=3, longest_wait=SOON, first_pause=SOON)
    for number in range(20):
        register(store, clock, f"user{number}")
    subscriber.error_of = lambda event: ReceiverUnavailable() if len(subscriber.batches) % 3 == 0 else None
    with running(relay):
        wait_until(lambda: len(subscriber.delivered) == 20)
    assert sorted(subscriber.delivered) == sorted(f"user{number} 1" for number in range(20))


def test_a_recovered_receiver_is_found_soon_despite_long_pauses(store: MemoryStore, clock: SystemClock) -> None:
    subscriber = BlockingSubscriber()
    subscriber.released.set()
    subscriber.error_of = lambda event: ReceiverUnavailable() if len(subscriber.batches) < 4 else None
    with running(relay_of(subscriber, store, clock, first_pause=NEVER, longest_pause=NEVER, longest_wait=SOON)):
        register(store, clock, "juliet")
        assert subscriber.ended.wait(PATIENCE)


def test_a_slow_subscriber_does_not_delay_others(store: MemoryStore, clock: SystemClock) -> None:
    slow, quick = BlockingSubscriber("slow"), BlockingSubscriber("quick")
    quick.released.set()
    with running(relay_of(slow, store, clock, poll=NEVER), relay_of(quick, store, clock, poll=NEVER)):
        register(store, clock, "juliet")
        assert slow.begun.wait(PATIENCE)
        assert quick.ended.wait(PATIENCE)
        assert slow.delivered == []
        slow.released.set()
    assert slow.delivered == ["juliet 1"]


class FailingOutbox(MemoryOutbox):
    """The memory store's outbox, whose first claims fail."""

    __slots__ = ("errors",)

    def claim(self, subscriber: str, *, limit: int, now: datetime, lease: timedelta, **more: Any) -> ClaimedBatch:
        if self.errors:
            raise self.errors.pop()
        return super().claim(subscriber, limit=limit, now=now, lease=lease, **more)


def test_a_relay_survives_unexpected_errors_of_the_store(
    store: MemoryStore, clock: SystemClock, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = FailingOutbox(store._tables, store.commits)
    object.__setattr__(outbox, "errors", [OSError("broken pipe"), RuntimeError("never seen before")])
    subscriber = BlockingSubscriber()
    subscriber.released.set()
    outbox.subscribe(subscriber.name, subscriber.event_types)
    policy = RelayPolicy(first_pause=SOON, poll=NEVER)
    register(store, clock, "juliet")
    with (
        caplog.at_level(logging.ERROR, "hexaccount.relay"),
        running(Relay(subscriber, outbox=outbox, commits=store.commits, clock=clock, policy=policy)),
    ):
        assert subscriber.ended.wait(PATIENCE)
    assert subscriber.delivered == ["juliet 1"]
    assert caplog.text.count("the relay of waiting failed; it tries again") == 2


def test_a_relay_waits_for_an_unavailable_receiver_without_counting_attempts(
    store: MemoryStore, clock: SystemClock, caplog: pytest.LogCaptureFixture
) -> None:
    subscriber = BlockingSubscriber()
    subscriber.released.set()
    outages = [ReceiverUnavailable("no broker")] * 3
    subscriber.error_of = lambda event: outages.pop() if outages else None
    relay = relay_of(subscriber, store, clock, attempts=1, first_pause=NEVER, longest_wait=SOON, poll=NEVER)
    register(store, clock, "juliet")
    with caplog.at_level(logging.WARNING, "hexaccount.relay"), running(relay):
        assert subscriber.ended.wait(PATIENCE)
    assert subscriber.delivered == ["juliet 1"]
    assert store.dead_letters.page(limit=1, after=None) == []
    # One line each, without a traceback.
    assert [record.getMessage() for record in caplog.records] == ["the relay of waiting waits: no broker"] * 3
    assert "Traceback" not in caplog.text
