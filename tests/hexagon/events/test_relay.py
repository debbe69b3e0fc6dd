from datetime import timedelta

from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryStore
from tests.hexagon.events.recording_subscriber import RecordingSubscriber, failing_on, register, relay_of


def test_an_event_is_delivered_once(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock)
    register(store, clock, "juliet")
    assert relay.run_once() == 1
    assert relay.run_once() == 0
    assert subscriber.delivered == ["juliet 1"]


def test_a_subscriber_receives_only_its_event_types(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber(event_types=["hexaccount.user.disabled.v1"])
    relay = relay_of(subscriber, store, clock)
    register(store, clock, "juliet", disabled=True)
    relay.run_once()
    assert subscriber.delivered == ["juliet 2"]


def test_a_subscriber_receives_no_events_from_before_its_subscription(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    register(store, clock, "juliet")
    subscriber = RecordingSubscriber()
    assert relay_of(subscriber, store, clock).run_once() == 0


def test_a_batch_is_delivered_in_one_call_with_each_account_in_order(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock)
    register(store, clock, "juliet", disabled=True)
    register(store, clock, "romeo", disabled=True)
    relay.run_once()
    (batch,) = subscriber.batches
    assert sorted(batch) == ["juliet 1", "juliet 2", "romeo 1", "romeo 2"]
    assert batch.index("juliet 1") < batch.index("juliet 2")
    assert batch.index("romeo 1") < batch.index("romeo 2")


def test_a_claim_takes_at_most_one_batch(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock, batch=2)
    register(store, clock, "juliet", disabled=True)
    register(store, clock, "romeo")
    assert [relay.run_once(), relay.run_once(), relay.run_once()] == [2, 1, 0]


def test_two_relays_of_one_subscriber_share_its_events(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber()
    first, second = relay_of(subscriber, store, clock, batch=1), relay_of(subscriber, store, clock)
    register(store, clock, "juliet")
    register(store, clock, "romeo")
    inner: list[int] = []
    subscriber.error_of = lambda event: inner.append(second.run_once()) if event == "juliet 1" else None
    assert first.run_once() == 1
    assert inner == [1]
    assert sorted(subscriber.delivered) == ["juliet 1", "romeo 1"]


def test_events_claimed_by_a_crashed_relay_are_delivered_after_the_lease(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock)
    register(store, clock, "juliet")
    store.outbox.claim("recording", limit=10, now=clock.now(), lease=timedelta(seconds=30))
    clock.advance(seconds=29)
    assert relay.run_once() == 0
    clock.advance(seconds=1)
    assert relay.run_once() == 1


def test_a_relay_stops_delivering_events_whose_lease_has_expired(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock, lease=timedelta(seconds=30))
    register(store, clock, "juliet")
    register(store, clock, "romeo")

    def slow_and_failing(event: str) -> Exception | None:
        clock.advance(seconds=20)
        return ValueError(event) if len(subscriber.batches) == 1 else None

    subscriber.error_of = slow_and_failing
    relay.run_once()
    assert subscriber.batches == [["juliet 1", "romeo 1"], ["juliet 1"]]
    subscriber.error_of = failing_on()
    relay.run_once()
    assert subscriber.delivered == ["juliet 1", "romeo 1"]
