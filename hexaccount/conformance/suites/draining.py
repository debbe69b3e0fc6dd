import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from time import monotonic, sleep
from uuid import UUID

import pytest

from hexaccount.conformance.suites.owing import LEASE, NOW, SUBSCRIBER, claim, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import PATIENCE, Racers, race
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.events.ports import Delivery
from hexaccount.store_kit.store import Store


class FirstDeliveries:
    """What many claimants delivered, in the order in which they did."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._attempts: dict[UUID, int] = defaultdict(int)
        self._first: dict[UUID, list[int]] = defaultdict(list)

    def note(self, delivery: Delivery) -> None:
        """Deliver, as far as this test is concerned."""
        with self._lock:
            self._attempts[delivery.entry.id] += 1
            if self._attempts[delivery.entry.id] == 1:
                self._first[delivery.entry.aggregate_id].append(delivery.entry.sequence)

    @property
    def count(self) -> int:
        """Return how many events have been delivered."""
        with self._lock:
            return len(self._attempts)

    def check(self, *, most_attempts: int) -> None:
        """Compare the first deliveries of each aggregate with its order."""
        assert max(self._attempts.values()) <= most_attempts, "a delivery was made again for no reason"
        for sequences in self._first.values():
            assert sequences == list(range(1, len(sequences) + 1)), "a later event came first"


class DrainingContract(ContractSuite):
    """Any number of claimants share the deliveries of one subscriber."""

    @pytest.fixture(autouse=True)
    def _enrolled(self, store: Store) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])

    def test_racing_claimants_never_hold_one_delivery_nor_one_aggregate(
        self, store: Store, another: Store, people: People
    ) -> None:
        for _ in range(6):
            user_with_events(store, people, 4)
        with Racers(8) as racers:
            for number in range(10):
                now = NOW + number * timedelta(hours=1)
                handles = [store, another] * 4
                claims = racers.race(partial(claim, handle, limit=5, now=now) for handle in handles)
                held = [delivery.entry.id for claimed in claims for delivery in claimed]
                assert len(set(held)) == len(held), "two claimants hold one delivery"
                assert held, "nobody got anything"
                holders = [{delivery.entry.aggregate_id for delivery in claimed} for claimed in claims]
                assert sum(map(len, holders)) == len(set().union(*holders)), "two claimants hold one aggregate"

    def test_eight_claimants_deliver_500_events_once_and_in_order(
        self, store: Store, another: Store, people: People
    ) -> None:
        for _ in range(20):
            user_with_events(store, people, 25)
        delivered = FirstDeliveries()

        def end(handle: Store, claimed: list[Delivery], chance: random.Random) -> None:
            handle.outbox.acknowledge(claimed)

        race(*self.claimants(store, another, delivered, end, goal=500))
        delivered.check(most_attempts=1)
        assert list(claim(store, now=NOW + timedelta(days=1))) == []

    def test_eight_claimants_that_fail_now_and_then_deliver_500_events_in_order(
        self, store: Store, another: Store, people: People
    ) -> None:
        for _ in range(20):
            user_with_events(store, people, 25)
        delivered = FirstDeliveries()

        def end(handle: Store, claimed: list[Delivery], chance: random.Random) -> None:
            failing = chance.randrange(2 * len(claimed))
            handle.outbox.acknowledge(claimed[:failing])
            for delivery in claimed[failing : failing + 1]:
                handle.outbox.retry_later(delivery, until=NOW, error="by chance")
            handle.outbox.release(claimed[failing + 1 :])

        race(*self.claimants(store, another, delivered, end, goal=500))
        self.drain(store, delivered)
        delivered.check(most_attempts=10_000)
        assert list(claim(store, now=NOW + timedelta(days=1))) == []

    def test_what_a_claimant_dies_with_is_delivered_by_others_after_its_lease(
        self, store: Store, another: Store, people: People
    ) -> None:
        for _ in range(10):
            user_with_events(store, people, 5)
        delivered = FirstDeliveries()
        for delivery in claim(store, limit=23):
            delivered.note(delivery)
        self.drain(another, delivered)
        assert delivered.count < 50
        self.drain(another, delivered, now=NOW + 2 * LEASE)
        assert delivered.count == 50
        delivered.check(most_attempts=2)

    @staticmethod
    def drain(store: Store, delivered: FirstDeliveries, now: datetime = NOW) -> None:
        """Deliver and settle all that is due."""
        deadline = monotonic() + PATIENCE
        while claimed := claim(store, now=now):
            assert monotonic() < deadline, "what was settled is claimed again"
            for delivery in claimed:
                delivered.note(delivery)
            store.outbox.acknowledge(claimed)

    @staticmethod
    def claimants(
        store: Store,
        another: Store,
        delivered: FirstDeliveries,
        end: Callable[[Store, list[Delivery], random.Random], None],
        *,
        goal: int,
    ) -> list[Callable[[], int]]:
        """Return eight who claim, deliver and `end` until `goal` events have been delivered."""

        def work(handle: Store, number: int) -> int:
            chance = random.Random(number)
            deadline = monotonic() + PATIENCE
            while delivered.count < goal:
                assert monotonic() < deadline, f"{delivered.count} of {goal} were delivered"
                claimed = list(claim(handle, limit=1 + number))
                for delivery in claimed:
                    delivered.note(delivery)
                if claimed:
                    end(handle, claimed, chance)
                else:
                    sleep(0.001)
            return number

        return [partial(work, (store, another)[number % 2], number) for number in range(8)]
