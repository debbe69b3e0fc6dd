from datetime import timedelta

import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import (
    LEASE,
    MILLISECOND,
    NOW,
    SUBSCRIBER,
    claim,
    sequences,
    user_with_events,
)
from hexaccount.conformance.suites.factory import Factory
from hexaccount.store_kit.store import Store

LATER = NOW + LEASE + MILLISECOND
MUCH_LATER = NOW + timedelta(days=1)


class DeliveryOutcomesContract(ContractSuite):
    """A claim is acknowledged, retried later, released or dead-lettered, only by the consumer that holds the lease."""

    @pytest.fixture(autouse=True)
    def _subscribe(self, store: Store) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])

    def test_an_acknowledged_delivery_is_no_longer_pending(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        claimed = claim(store)
        store.outbox.acknowledge(claimed[:2])
        assert list(claim(store)) == []
        assert sequences(claim(store, now=MUCH_LATER)) == [3]

    def test_an_acknowledgement_is_for_one_subscriber(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe("another", ["*"])
        user_with_events(store, factory, 2)
        store.outbox.acknowledge(claim(store))
        assert sequences(claim(store, "another")) == [1, 2]

    def test_acknowledging_twice_or_nothing_is_harmless(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 2)
        claimed = claim(store)
        for deliveries in (claimed, claimed, []):
            store.outbox.acknowledge(deliveries)
        assert list(claim(store, now=MUCH_LATER)) == []

    def test_many_deliveries_are_acknowledged_at_once(self, store: Store, factory: Factory) -> None:
        for _ in range(3):
            user_with_events(store, factory, 400)
        claimed = claim(store, limit=1200)
        assert len(claimed) == 1200
        store.outbox.acknowledge(claimed)
        assert list(claim(store, now=MUCH_LATER)) == []

    def test_retry_later_counts_a_failure(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 2)
        now = NOW
        for failures in range(4):
            first, second = claim(store, now=now)
            assert (first.attempts, second.attempts) == (failures, 0)
            now += timedelta(seconds=10)
            store.outbox.retry_later(first, until=now, error="no")
            store.outbox.release([second])

    def test_a_released_delivery_is_due_at_once_and_counts_no_failure(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 2)
        first, second = claim(store)
        store.outbox.release([second, first])
        again = claim(store)
        assert sequences(again) == [1, 2]
        assert {delivery.attempts for delivery in again} == {0}

    def test_releasing_nothing_is_harmless(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 1)
        held = claim(store)
        store.outbox.release([])
        assert list(claim(store)) == []
        store.outbox.release(held)

    def test_a_released_delivery_keeps_its_failure_count(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 1)
        store.outbox.retry_later(claim(store)[0], until=NOW, error="no")
        store.outbox.release(claim(store))
        assert [delivery.attempts for delivery in claim(store)] == [1]

    def test_a_consumer_that_lost_its_lease_cannot_retry_later(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, 1)
        (expired,), (held,) = claim(store), claim(other_store, now=LATER)
        store.outbox.retry_later(expired, until=NOW, error="too late")
        assert list(claim(store, now=LATER)) == [], "the claim of another consumer was released"
        other_store.outbox.release([held])
        assert [delivery.attempts for delivery in claim(store, now=LATER)] == [0]

    def test_a_consumer_that_lost_its_lease_cannot_dead_letter(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, 1)
        (expired,), (held,) = claim(store), claim(other_store, now=LATER)
        store.outbox.dead_letter(expired, error="too late")
        assert list(store.dead_letters.page(limit=10, after=None)) == []
        other_store.outbox.release([held])
        assert [delivery.attempts for delivery in claim(store, now=LATER)] == [0]

    def test_a_consumer_that_lost_its_lease_cannot_release(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, 1)
        expired, held = claim(store), claim(other_store, now=LATER)
        store.outbox.release(expired)
        assert list(claim(store, now=LATER)) == []
        other_store.outbox.acknowledge(held)
        assert list(claim(store, now=MUCH_LATER)) == []

    def test_a_consumer_that_lost_its_lease_cannot_revive_an_acknowledged_delivery(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, 1)
        (expired,) = claim(store)
        other_store.outbox.acknowledge(claim(other_store, now=LATER))
        store.outbox.retry_later(expired, until=NOW, error="too late")
        store.outbox.release([expired])
        store.outbox.dead_letter(expired, error="too late")
        store.outbox.acknowledge([expired])
        assert list(claim(store, now=MUCH_LATER)) == []
        assert list(store.dead_letters.page(limit=10, after=None)) == []

    def test_a_claim_has_one_outcome(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 1)
        (held,) = claim(store)
        store.outbox.retry_later(held, until=NOW, error="no")
        store.outbox.retry_later(held, until=MUCH_LATER, error="no")
        store.outbox.dead_letter(held, error="no")
        assert [delivery.attempts for delivery in claim(store)] == [1]
