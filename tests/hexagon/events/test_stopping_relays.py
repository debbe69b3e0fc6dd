import pytest

from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_memory import MemoryStore
from hexaccount_system import SystemClock
from tests.hexagon.events.recording_subscriber import RecordingSubscriber, register, relay_of
from tests.hexagon.events.relay_threads import NEVER, PATIENCE, BlockingSubscriber, running


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


def test_a_stopped_relay_finishes_its_current_batch(store: MemoryStore, clock: SystemClock) -> None:
    subscriber = BlockingSubscriber()
    relay = relay_of(subscriber, store, clock, poll=NEVER)
    register(store, clock, "juliet")
    with running(relay) as (thread,):
        assert subscriber.begun.wait(PATIENCE)
        relay.stop()
        thread.join(0.05)
        assert thread.is_alive()
        subscriber.released.set()
    assert subscriber.delivered == ["juliet 1"]
    assert relay.run_once() == 0


def test_a_stopped_relay_claims_nothing(store: MemoryStore, clock: SystemClock) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock)
    register(store, clock, "juliet")
    relay.stop()
    relay.run()
    assert subscriber.batches == []


def test_a_relay_stopped_during_failures_releases_the_rest(store: MemoryStore, clock: SystemClock) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock)
    for name in ("juliet", "romeo"):
        register(store, clock, name)

    def fail_and_stop(event: str) -> Exception:
        relay.stop()
        return ValueError(event)

    subscriber.error_of = fail_and_stop
    relay.run_once()
    assert subscriber.batches == [["juliet 1", "romeo 1"]]
    claimed = store.outbox.claim("recording", limit=10, now=clock.now(), lease=NEVER).deliveries
    assert [delivery.attempts for delivery in claimed] == [0, 0]


def test_a_relay_that_waits_for_a_receiver_stops_immediately(
    store: MemoryStore, clock: SystemClock, caplog: pytest.LogCaptureFixture
) -> None:
    subscriber = BlockingSubscriber()
    subscriber.released.set()
    subscriber.error_of = lambda event: ReceiverUnavailable()
    relay = relay_of(subscriber, store, clock, first_pause=NEVER)
    register(store, clock, "juliet")
    with running(relay) as (thread,):
        assert subscriber.begun.wait(PATIENCE)
        relay.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()
