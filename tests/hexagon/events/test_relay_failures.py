"""Failing events, dead letters and unavailable receivers."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from hexaccount.events.ports import DeadLetter, DeliveryRefused, ReceiverUnavailable
from hexaccount.events.relay import RelayPolicy
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryStore
from tests.hexagon.events.recording_subscriber import RecordingSubscriber, event_of, failing_on, register, relay_of


def dead_letters(store: MemoryStore) -> Collection[DeadLetter]:
    return store.dead_letters.page(limit=10, after=None)


def test_a_failed_batch_is_retried_one_by_one_and_only_the_failing_event_counts(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    subscriber = RecordingSubscriber()
    subscriber.error_of = failing_on("romeo 1")
    relay = relay_of(subscriber, store, clock, attempts=1)
    for name in ("juliet", "romeo", "tybalt"):
        register(store, clock, name)
    relay.run_once()
    assert subscriber.batches == [["juliet 1", "romeo 1", "tybalt 1"], ["juliet 1"], ["romeo 1"], ["tybalt 1"]]
    assert subscriber.delivered == ["juliet 1", "tybalt 1"]
    assert [event_of(dead_letter.entry) for dead_letter in dead_letters(store)] == ["romeo 1"]


def test_a_failing_event_blocks_its_own_account_only(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber()
    subscriber.error_of = failing_on("juliet 1")
    relay = relay_of(subscriber, store, clock)
    register(store, clock, "juliet", disabled=True)
    register(store, clock, "romeo", disabled=True)
    relay.run_once()
    assert subscriber.delivered == ["romeo 1", "romeo 2"]
    assert ["juliet 2"] not in subscriber.batches


def test_a_failing_subscriber_does_not_block_others(store: MemoryStore, clock: AdjustableClock) -> None:
    failing, working = RecordingSubscriber("failing"), RecordingSubscriber("working")
    failing.error_of = failing_on("juliet 1")
    relays = [relay_of(failing, store, clock), relay_of(working, store, clock)]
    register(store, clock, "juliet", disabled=True)
    for relay in relays:
        relay.run_once()
    assert (failing.delivered, working.delivered) == ([], ["juliet 1", "juliet 2"])


def test_an_event_becomes_a_dead_letter_after_its_attempts_and_unblocks_later_ones(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    subscriber = RecordingSubscriber()
    subscriber.error_of = failing_on("juliet 1")
    relay = relay_of(subscriber, store, clock, attempts=3)
    register(store, clock, "juliet", disabled=True)
    for _ in range(2):
        relay.run_once()
        assert dead_letters(store) == []
        clock.advance(hours=1)
    relay.run_once()
    (dead_letter,) = dead_letters(store)
    assert (dead_letter.attempts, dead_letter.error) == (3, "ValueError: cannot take juliet 1")
    assert relay.run_once() == 1
    assert subscriber.delivered == ["juliet 2"]


def test_an_event_that_is_refused_for_good_becomes_a_dead_letter_at_once(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    subscriber = RecordingSubscriber()
    subscriber.error_of = lambda event: DeliveryRefused("no such mailbox") if event == "juliet 1" else None
    relay = relay_of(subscriber, store, clock, attempts=10)
    register(store, clock, "juliet", disabled=True)
    relay.run_once()
    (dead_letter,) = dead_letters(store)
    assert (dead_letter.attempts, dead_letter.error) == (1, "DeliveryRefused: no such mailbox")
    assert subscriber.delivered == []
    relay.run_once()
    assert subscriber.delivered == ["juliet 2"]


def test_a_retried_dead_letter_has_all_its_attempts_again(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber()
    subscriber.error_of = failing_on("juliet 1")
    relay = relay_of(subscriber, store, clock, attempts=2)
    register(store, clock, "juliet")
    for _ in range(2):
        relay.run_once()
        clock.advance(hours=1)
    assert store.dead_letters.retry() == 1
    relay.run_once()
    assert dead_letters(store) == []
    subscriber.error_of = failing_on()
    clock.advance(hours=1)
    relay.run_once()
    assert subscriber.delivered == ["juliet 1"]


def test_a_stored_error_is_truncated(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber()
    subscriber.error_of = lambda event: ValueError("x" * 10_000)
    relay = relay_of(subscriber, store, clock, attempts=1)
    register(store, clock, "juliet")
    relay.run_once()
    (dead_letter,) = dead_letters(store)
    assert len(dead_letter.error) == 500


def test_a_failure_is_logged_at_first_then_rarely_and_at_the_end(
    store: MemoryStore, clock: AdjustableClock, caplog: pytest.LogCaptureFixture
) -> None:
    subscriber = RecordingSubscriber()
    subscriber.error_of = lambda event: ValueError("it answered 500")
    relay = relay_of(subscriber, store, clock, attempts=6)
    register(store, clock, "juliet")
    for _ in range(6):
        relay.run_once()
        clock.advance(hours=1)
    messages = [record.getMessage() for record in caplog.records if "it answered 500" in record.getMessage()]
    assert [message.partition(", attempt ")[2][:1] for message in messages[:-1]] == ["1", "2", "4"]
    assert "is a dead letter for recording after 6 attempts: ValueError: it answered 500" in messages[-1]


def test_a_failed_event_is_retried_after_its_pause(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber()
    subscriber.error_of = failing_on("juliet 1")
    relay = relay_of(subscriber, store, clock, first_pause=timedelta(seconds=10))
    register(store, clock, "juliet")
    relay.run_once()
    subscriber.error_of = failing_on()
    clock.advance(seconds=7.9)
    assert relay.run_once() == 0
    clock.advance(seconds=2.1)
    assert relay.run_once() == 1


def test_the_pause_doubles_up_to_its_bound_with_a_jitter_of_a_fifth() -> None:
    policy = RelayPolicy(first_pause=timedelta(seconds=1), longest_pause=timedelta(minutes=5))
    full = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    for failures, seconds in enumerate(full, start=1):
        pauses = {policy.pause_after(failures).total_seconds() for _ in range(50)}
        assert all(0.8 * seconds <= pause <= seconds for pause in pauses)
        assert len(pauses) > 10
    assert policy.pause_after(10_000) <= timedelta(minutes=5)


def test_an_unavailable_receiver_is_retried_soon_even_after_a_long_outage() -> None:
    policy = RelayPolicy(first_pause=timedelta(seconds=1), longest_wait=timedelta(seconds=10))
    assert timedelta(seconds=0.8) <= policy.pause_after(1, unavailable=True) <= timedelta(seconds=1)
    assert timedelta(seconds=8) <= policy.pause_after(10_000, unavailable=True) <= timedelta(seconds=10)


@pytest.mark.parametrize("error", [ReceiverUnavailable("no broker"), StoreUnavailable()])
def test_an_unavailable_receiver_or_store_costs_no_attempt_and_releases_the_claims(
    store: MemoryStore, clock: AdjustableClock, error: Exception
) -> None:
    subscriber = RecordingSubscriber()
    subscriber.error_of = lambda event: error
    relay = relay_of(subscriber, store, clock, attempts=1)
    register(store, clock, "juliet", disabled=True)
    for _ in range(5):
        with pytest.raises(type(error)):
            relay.run_once()
    assert dead_letters(store) == []
    subscriber.error_of = failing_on()
    assert relay.run_once() == 2
    assert subscriber.delivered == ["juliet 1", "juliet 2"]


def test_undelivered_events_are_released_if_the_receiver_becomes_unavailable(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    subscriber = RecordingSubscriber()
    relay = relay_of(subscriber, store, clock, attempts=2)
    for name in ("juliet", "romeo", "tybalt"):
        register(store, clock, name)

    def refuse(event: str) -> Exception | None:
        if event == "juliet 1" or len(subscriber.batches) == 1:
            return ValueError(event)
        return ReceiverUnavailable() if event == "tybalt 1" else None

    subscriber.error_of = refuse
    with pytest.raises(ReceiverUnavailable):
        relay.run_once()
    assert subscriber.delivered == ["romeo 1"]
    subscriber.error_of = failing_on()
    assert relay.run_once() == 1
    assert subscriber.delivered == ["romeo 1", "tybalt 1"]
    clock.advance(hours=1)
    assert relay.run_once() == 1
    assert dead_letters(store) == []
