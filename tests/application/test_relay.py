from collections.abc import Collection
from datetime import timedelta

import pytest

from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.events.ports import DeadLetter, ReceiverUnavailable
from hexaccount.events.relay import RelayPolicy
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_memory import MemoryStore
from tests.application.listeners import Listener, event_of, register, relay_of


def refusing(*events: str):
    return lambda event: ValueError(f"cannot take {event}") if event in events else None


def dead_letters(store: MemoryStore) -> Collection[DeadLetter]:
    return store.dead_letters.page(limit=10, after=None)


def test_an_event_is_delivered_once(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock)
    register(store, clock, "juliet")
    assert relay.run_once() == 1
    assert relay.run_once() == 0
    assert listener.heard == ["juliet 1"]


def test_a_subscriber_is_owed_only_the_types_it_asked_for(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener(event_types=["hexaccount.user.disabled.v1"])
    relay = relay_of(listener, store, clock)
    register(store, clock, "juliet", disabled=True)
    relay.run_once()
    assert listener.heard == ["juliet 2"]


def test_a_subscriber_is_not_owed_what_was_before_it_was_enrolled(store: MemoryStore, clock: AdjustableClock) -> None:
    register(store, clock, "juliet")
    listener = Listener()
    assert relay_of(listener, store, clock).run_once() == 0


def test_a_batch_is_delivered_at_once_with_each_account_in_order(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock)
    register(store, clock, "juliet", disabled=True)
    register(store, clock, "romeo", disabled=True)
    relay.run_once()
    (batch,) = listener.tried
    assert sorted(batch) == ["juliet 1", "juliet 2", "romeo 1", "romeo 2"]
    assert batch.index("juliet 1") < batch.index("juliet 2")
    assert batch.index("romeo 1") < batch.index("romeo 2")


def test_no_more_than_a_batch_is_claimed_at_once(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock, batch=2)
    register(store, clock, "juliet", disabled=True)
    register(store, clock, "romeo")
    assert [relay.run_once(), relay.run_once(), relay.run_once()] == [2, 1, 0]


def test_a_failed_batch_is_tried_one_by_one_and_only_the_guilty_event_counts(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    listener = Listener()
    listener.refuse = refusing("romeo 1")
    relay = relay_of(listener, store, clock, attempts=1)
    for name in ("juliet", "romeo", "tybalt"):
        register(store, clock, name)
    relay.run_once()
    assert listener.tried == [["juliet 1", "romeo 1", "tybalt 1"], ["juliet 1"], ["romeo 1"], ["tybalt 1"]]
    assert listener.heard == ["juliet 1", "tybalt 1"]
    assert [event_of(given_up.entry) for given_up in dead_letters(store)] == ["romeo 1"]


def test_a_failing_event_holds_up_its_own_account_and_no_other(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener()
    listener.refuse = refusing("juliet 1")
    relay = relay_of(listener, store, clock)
    register(store, clock, "juliet", disabled=True)
    register(store, clock, "romeo", disabled=True)
    relay.run_once()
    assert listener.heard == ["romeo 1", "romeo 2"]
    assert ["juliet 2"] not in listener.tried


def test_a_failing_subscriber_does_not_hold_up_another(store: MemoryStore, clock: AdjustableClock) -> None:
    failing, fine = Listener("failing"), Listener("fine")
    failing.refuse = refusing("juliet 1")
    relays = [relay_of(failing, store, clock), relay_of(fine, store, clock)]
    register(store, clock, "juliet", disabled=True)
    for relay in relays:
        relay.run_once()
    assert (failing.heard, fine.heard) == ([], ["juliet 1", "juliet 2"])


def test_an_event_is_set_aside_after_its_attempts_and_the_later_ones_go_on(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    listener = Listener()
    listener.refuse = refusing("juliet 1")
    relay = relay_of(listener, store, clock, attempts=3)
    register(store, clock, "juliet", disabled=True)
    for _ in range(2):
        relay.run_once()
        assert dead_letters(store) == []
        clock.advance(hours=1)
    relay.run_once()
    (given_up,) = dead_letters(store)
    assert (given_up.attempts, given_up.error) == (3, "ValueError: cannot take juliet 1")
    assert relay.run_once() == 1
    assert listener.heard == ["juliet 2"]


def test_an_event_that_is_retried_is_delivered_with_all_its_attempts_anew(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    listener = Listener()
    listener.refuse = refusing("juliet 1")
    relay = relay_of(listener, store, clock, attempts=2)
    register(store, clock, "juliet")
    for _ in range(2):
        relay.run_once()
        clock.advance(hours=1)
    assert store.dead_letters.retry() == 1
    relay.run_once()
    assert dead_letters(store) == []
    listener.refuse = refusing()
    clock.advance(hours=1)
    relay.run_once()
    assert listener.heard == ["juliet 1"]


def test_the_error_that_is_kept_is_short(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener()
    listener.refuse = lambda event: ValueError("x" * 10_000)
    relay = relay_of(listener, store, clock, attempts=1)
    register(store, clock, "juliet")
    relay.run_once()
    (given_up,) = dead_letters(store)
    assert len(given_up.error) == 500


def test_a_failure_is_told_with_its_reason_at_first_seldom_later_and_in_the_end(
    store: MemoryStore, clock: AdjustableClock, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener()
    listener.refuse = lambda event: ValueError("it answered 500")
    relay = relay_of(listener, store, clock, attempts=6)
    register(store, clock, "juliet")
    for _ in range(6):
        relay.run_once()
        clock.advance(hours=1)
    told = [record.getMessage() for record in caplog.records if "it answered 500" in record.getMessage()]
    assert [message.partition(", attempt ")[2][:1] for message in told[:-1]] == ["1", "2", "4"]
    assert "is given up for listener after 6 attempts: ValueError: it answered 500" in told[-1]


def test_a_failed_event_waits_for_its_pause(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener()
    listener.refuse = refusing("juliet 1")
    relay = relay_of(listener, store, clock, first_pause=timedelta(seconds=10))
    register(store, clock, "juliet")
    relay.run_once()
    listener.refuse = refusing()
    clock.advance(seconds=7.9)
    assert relay.run_once() == 0
    clock.advance(seconds=2.1)
    assert relay.run_once() == 1


def test_the_pause_doubles_up_to_its_bound_and_a_fifth_of_it_is_chance() -> None:
    policy = RelayPolicy(first_pause=timedelta(seconds=1), longest_pause=timedelta(minutes=5))
    full = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    for failures, seconds in enumerate(full, start=1):
        pauses = {policy.pause_after(failures).total_seconds() for _ in range(50)}
        assert all(0.8 * seconds <= pause <= seconds for pause in pauses)
        assert len(pauses) > 10
    assert policy.pause_after(10_000) <= timedelta(minutes=5)


def test_who_is_away_is_asked_again_soon_however_long_it_was() -> None:
    policy = RelayPolicy(first_pause=timedelta(seconds=1), longest_wait=timedelta(seconds=10))
    assert timedelta(seconds=0.8) <= policy.pause_after(1, away=True) <= timedelta(seconds=1)
    assert timedelta(seconds=8) <= policy.pause_after(10_000, away=True) <= timedelta(seconds=10)


@pytest.mark.parametrize("error", [ReceiverUnavailable("no broker"), StoreUnavailable()])
def test_a_receiver_or_store_that_is_away_costs_no_attempt_and_the_claims_are_given_back(
    store: MemoryStore, clock: AdjustableClock, error: Exception
) -> None:
    listener = Listener()
    listener.refuse = lambda event: error
    relay = relay_of(listener, store, clock, attempts=1)
    register(store, clock, "juliet", disabled=True)
    for _ in range(5):
        with pytest.raises(type(error)):
            relay.run_once()
    assert dead_letters(store) == []
    listener.refuse = refusing()
    assert relay.run_once() == 2
    assert listener.heard == ["juliet 1", "juliet 2"]


def test_a_receiver_that_goes_away_halfway_gives_back_what_was_not_delivered(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock, attempts=2)
    for name in ("juliet", "romeo", "tybalt"):
        register(store, clock, name)

    def refuse(event: str) -> Exception | None:
        if event == "juliet 1" or len(listener.tried) == 1:
            return ValueError(event)
        return ReceiverUnavailable() if event == "tybalt 1" else None

    listener.refuse = refuse
    with pytest.raises(ReceiverUnavailable):
        relay.run_once()
    assert listener.heard == ["romeo 1"]
    listener.refuse = refusing()
    assert relay.run_once() == 1
    assert listener.heard == ["romeo 1", "tybalt 1"]
    clock.advance(hours=1)
    assert relay.run_once() == 1
    assert dead_letters(store) == []


def test_two_relays_of_one_subscriber_share_its_work(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener()
    first, second = relay_of(listener, store, clock, batch=1), relay_of(listener, store, clock)
    register(store, clock, "juliet")
    register(store, clock, "romeo")
    inner: list[int] = []
    listener.refuse = lambda event: inner.append(second.run_once()) if event == "juliet 1" else None
    assert first.run_once() == 1
    assert inner == [1]
    assert sorted(listener.heard) == ["juliet 1", "romeo 1"]


def test_what_a_dead_relay_held_is_delivered_once_its_lease_is_over(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock)
    register(store, clock, "juliet")
    store.outbox.claim("listener", limit=10, now=clock.now(), lease=timedelta(seconds=30))
    clock.advance(seconds=29)
    assert relay.run_once() == 0
    clock.advance(seconds=1)
    assert relay.run_once() == 1


def test_a_relay_that_is_slower_than_its_lease_does_not_go_on_with_what_it_lost(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    listener = Listener()
    relay = relay_of(listener, store, clock, lease=timedelta(seconds=30))
    register(store, clock, "juliet")
    register(store, clock, "romeo")

    def slow_and_failing(event: str) -> Exception | None:
        clock.advance(seconds=20)
        return ValueError(event) if len(listener.tried) == 1 else None

    listener.refuse = slow_and_failing
    relay.run_once()
    assert listener.tried == [["juliet 1", "romeo 1"], ["juliet 1"]]
    listener.refuse = refusing()
    relay.run_once()
    assert listener.heard == ["juliet 1", "romeo 1"]
