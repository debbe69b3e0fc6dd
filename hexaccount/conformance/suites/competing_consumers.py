import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from time import monotonic, sleep
from uuid import UUID

import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import LEASE, NOW, SUBSCRIBER, claim, user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import TIMEOUT_SECONDS, RacingThreads, race
from hexaccount.events.ports import Delivery
from hexaccount.store_kit.store import Store


class FirstDeliveries:
    """The order in which many consumers delivered each event first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._attempts: dict[UUID, int] = defaultdict(int)
        self._first: dict[UUID, list[int]] = defaultdict(list)

    def record(self, delivery: Delivery) -> None:
        """Count a delivery."""
        with self._lock:
            self._attempts[delivery.entry.id] += 1
            if self._attempts[delivery.entry.id] == 1:
                self._first[delivery.entry.aggregate_id].append(delivery.entry.sequence)

    @property
    def count(self) -> int:
        """The number of distinct events delivered."""
        with self._lock:
            return len(self._attempts)

    def check(self, *, most_attempts: int) -> None:
        """Check that the first deliveries of each aggregate are in order."""
        assert max(self._attempts.values()) <= most_attempts, "an event was delivered too often"
        for sequences in self._first.values():
            assert sequences == list(range(1, len(sequences) + 1)), "a later event was delivered first"


class CompetingConsumersContract(ContractSuite):
    """Any number of consumers share the deliveries of one subscriber."""

    @pytest.fixture(autouse=True)
    def _subscribe(self, store: Store) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])

    def test_racing_consumers_never_share_a_delivery_or_an_aggregate(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        for _ in range(6):
            user_with_events(store, factory, 4)
        with RacingThreads(8) as threads:
            for number in range(10):
                now = NOW + number * timedelta(hours=1)
                handles = [store, other_store] * 4
                claims = threads.race(partial(claim, handle, limit=5, now=now) for handle in handles)
                held = [delivery.entry.id for claimed in claims for delivery in claimed]
                assert len(set(held)) == len(held), "two consumers hold one delivery"
                assert held, "no consumer claimed anything"
                holders = [{delivery.entry.aggregate_id for delivery in claimed} for claimed in claims]
                assert sum(map(len, holders)) == len(set().union(*holders)), "two consumers hold one aggregate"

    def test_eight_consumers_deliver_500_events_once_and_in_order(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        def settle(handle: Store, claimed: list[Delivery], chance: random.Random) -> None:
            handle.outbox.acknowledge(claimed)

        delivered = self.deliver_500_events(store, other_store, factory, settle)
        delivered.check(most_attempts=1)
        assert list(claim(store, now=NOW + timedelta(days=1))) == []

    def test_eight_consumers_that_fail_at_random_deliver_500_events_in_order(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        def settle(handle: Store, claimed: list[Delivery], chance: random.Random) -> None:
            failing = chance.randrange(2 * len(claimed))
            handle.outbox.acknowledge(claimed[:failing])
            for delivery in claimed[failing : failing + 1]:
                handle.outbox.retry_later(delivery, until=NOW, error="a random failure")
            handle.outbox.release(claimed[failing + 1 :])

        delivered = self.deliver_500_events(store, other_store, factory, settle)
        self.drain(store, delivered)
        delivered.check(most_attempts=10_000)
        assert list(claim(store, now=NOW + timedelta(days=1))) == []

    def test_the_claims_of_a_crashed_consumer_are_delivered_by_others_after_its_lease(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        for _ in range(10):
            user_with_events(store, factory, 5)
        delivered = FirstDeliveries()
        for delivery in claim(store, limit=23):
            delivered.record(delivery)
        self.drain(other_store, delivered)
        assert delivered.count < 50
        self.drain(other_store, delivered, now=NOW + 2 * LEASE)
        assert delivered.count == 50
        delivered.check(most_attempts=2)

    @staticmethod
    def drain(store: Store, delivered: FirstDeliveries, now: datetime = NOW) -> None:
        """Deliver and acknowledge all that is due."""
        deadline = monotonic() + TIMEOUT_SECONDS
        while claimed := claim(store, now=now):
            assert monotonic() < deadline, "an acknowledged delivery was claimed again"
            for delivery in claimed:
                delivered.record(delivery)
            store.outbox.acknowledge(claimed)

    @staticmethod
    def deliver_500_events(
        store: Store,
        other_store: Store,
        factory: Factory,
        settle: Callable[[Store, list[Delivery], random.Random], None],
    ) -> FirstDeliveries:
        """Run eight consumers that claim, deliver and `settle` until 500 events of 20 accounts are delivered."""
        for _ in range(20):
            user_with_events(store, factory, 25)
        delivered = FirstDeliveries()

        def consume(handle: Store, number: int) -> None:
            chance = random.Random(number)
            deadline = monotonic() + TIMEOUT_SECONDS
            while delivered.count < 500:
                assert monotonic() < deadline, f"{delivered.count} of 500 events were delivered"
                claimed = list(claim(handle, limit=1 + number))
                for delivery in claimed:
                    delivered.record(delivery)
                if claimed:
                    settle(handle, claimed, chance)
                else:
                    sleep(0.01)

        race(*(partial(consume, (store, other_store)[number % 2], number) for number in range(8)))
        return delivered
