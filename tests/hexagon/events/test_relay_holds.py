"""A relay with `hold` delivers within holds; with leases after a failure, and while batches are slow."""

from datetime import timedelta
from typing import Any

import pytest

from hexaccount.events.ports import ClaimedBatch, ReceiverUnavailable
from hexaccount.events.relay import Relay
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryStore
from hexaccount_memory.outbox import MemoryOutbox
from tests.hexagon.events.recording_subscriber import RecordingSubscriber, failing_on, register, relay_of

HOLD = timedelta(seconds=2)


@pytest.fixture
def leases(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """Return the lengths of the leases that are taken from now on; a hold of the memory store is a lease of HOLD."""
    taken: list[timedelta] = []
    claim = MemoryOutbox.claim

    def recording(outbox: MemoryOutbox, subscriber: str, *, lease: timedelta, **more: Any) -> ClaimedBatch:
        taken.append(lease)
        return claim(outbox, subscriber, lease=lease, **more)

    monkeypatch.setattr(MemoryOutbox, "claim", recording)
    return taken


@pytest.fixture
def subscriber() -> RecordingSubscriber:
    return RecordingSubscriber()


@pytest.fixture
def relay(subscriber: RecordingSubscriber, store: MemoryStore, clock: AdjustableClock) -> Relay:
    return relay_of(subscriber, store, clock, attempts=1, hold=HOLD)


@pytest.fixture
def juliet(relay: Relay, store: MemoryStore, clock: AdjustableClock) -> None:
    register(store, clock, "juliet")


def holds(leases: list[timedelta]) -> list[bool]:
    return [lease == HOLD for lease in leases]


def test_a_batch_is_delivered_within_a_hold(
    relay: Relay, subscriber: RecordingSubscriber, store: MemoryStore, clock: AdjustableClock, leases: list[timedelta]
) -> None:
    register(store, clock, "juliet", disabled=True)
    assert [relay.run_once(), relay.run_once()] == [2, 0]
    assert subscriber.batches == [["juliet 1", "juliet 2"]]
    assert holds(leases) == [True, True]


def test_the_event_that_fails_in_a_hold_is_found_with_leases(
    relay: Relay, subscriber: RecordingSubscriber, store: MemoryStore, clock: AdjustableClock, leases: list[timedelta]
) -> None:
    subscriber.error_of = failing_on("romeo 1")
    for name in ("juliet", "romeo", "tybalt"):
        register(store, clock, name)
    relay.run_once()
    together, *singly = subscriber.batches
    assert together == ["juliet 1", "romeo 1", "tybalt 1"]
    assert sorted(singly) == [["juliet 1"], ["romeo 1"], ["tybalt 1"]]
    assert [letter.error for letter in store.dead_letters.page(limit=9, after=None)] == [
        "ValueError: cannot take romeo 1"
    ]
    relay.run_once()
    assert holds(leases) == [True, False, True]


@pytest.mark.parametrize("error", [ReceiverUnavailable, StoreUnavailable])
@pytest.mark.usefixtures("juliet")
def test_what_was_held_when_something_became_unavailable_is_tried_with_a_lease_then(
    relay: Relay, subscriber: RecordingSubscriber, store: MemoryStore, leases: list[timedelta], error: type[Exception]
) -> None:
    """A store is also unavailable at the end of a hold that took too long."""
    subscriber.error_of = lambda event: error()
    with pytest.raises(error):
        relay.run_once()
    assert store.outbox.backlog("recording", limit=9).pending == 1
    subscriber.error_of = lambda event: None
    assert relay.run_once() == 1
    assert holds(leases) == [True, False]


def test_leases_are_used_while_batches_take_half_as_long_as_a_hold_may(
    relay: Relay, subscriber: RecordingSubscriber, store: MemoryStore, clock: AdjustableClock, leases: list[timedelta]
) -> None:
    def slow(event: str) -> None:
        clock.advance(seconds=1)

    subscriber.error_of = lambda event: StoreUnavailable()
    register(store, clock, "juliet")
    with pytest.raises(StoreUnavailable):
        relay.run_once()
    subscriber.error_of = slow
    assert relay.run_once() == 1
    register(store, clock, "romeo")
    subscriber.error_of = lambda event: None
    assert relay.run_once() == 1
    register(store, clock, "tybalt")
    assert relay.run_once() == 1
    assert holds(leases) == [True, False, False, True]
