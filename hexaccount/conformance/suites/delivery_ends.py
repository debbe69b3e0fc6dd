from datetime import timedelta

import pytest

from hexaccount.conformance.suites.owing import A_MOMENT, LEASE, NOW, SUBSCRIBER, claim, sequences, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.store_kit.store import Store

LATER = NOW + LEASE + A_MOMENT
MUCH_LATER = NOW + timedelta(days=1)


class DeliveryEndsContract(ContractSuite):
    """How a claim ends: settled, postponed, given back or given up; and that whoever lost it changes nothing."""

    @pytest.fixture(autouse=True)
    def _enrolled(self, store: Store) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])

    def test_what_is_settled_is_owed_no_more(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        claimed = claim(store)
        store.outbox.acknowledge(claimed[:2])
        assert list(claim(store)) == []
        assert sequences(claim(store, now=MUCH_LATER)) == [3]

    def test_settling_is_for_one_subscriber(self, store: Store, people: People) -> None:
        store.outbox.subscribe("another", ["*"])
        user_with_events(store, people, 2)
        store.outbox.acknowledge(claim(store))
        assert sequences(claim(store, "another")) == [1, 2]

    def test_settling_twice_or_nothing_is_harmless(self, store: Store, people: People) -> None:
        user_with_events(store, people, 2)
        claimed = claim(store)
        for deliveries in (claimed, claimed, []):
            store.outbox.acknowledge(deliveries)
        assert list(claim(store, now=MUCH_LATER)) == []

    def test_many_deliveries_are_settled_at_once(self, store: Store, people: People) -> None:
        for _ in range(3):
            user_with_events(store, people, 400)
        claimed = claim(store, limit=1200)
        assert len(claimed) == 1200
        store.outbox.acknowledge(claimed)
        assert list(claim(store, now=MUCH_LATER)) == []

    def test_a_postponed_delivery_counts_a_failure(self, store: Store, people: People) -> None:
        user_with_events(store, people, 2)
        now = NOW
        for failures in range(4):
            first, second = claim(store, now=now)
            assert (first.attempts, second.attempts) == (failures, 0)
            now += timedelta(seconds=10)
            store.outbox.retry_later(first, until=now, error="no")
            store.outbox.release([second])

    def test_a_released_delivery_is_due_at_once_and_counts_no_failure(self, store: Store, people: People) -> None:
        user_with_events(store, people, 2)
        first, second = claim(store)
        store.outbox.release([second, first])
        again = claim(store)
        assert sequences(again) == [1, 2]
        assert {delivery.attempts for delivery in again} == {0}

    def test_releasing_nothing_is_harmless(self, store: Store, people: People) -> None:
        user_with_events(store, people, 1)
        held = claim(store)
        store.outbox.release([])
        assert list(claim(store)) == []
        store.outbox.release(held)

    def test_a_released_retry_keeps_its_failures(self, store: Store, people: People) -> None:
        user_with_events(store, people, 1)
        store.outbox.retry_later(claim(store)[0], until=NOW, error="no")
        store.outbox.release(claim(store))
        assert [delivery.attempts for delivery in claim(store)] == [1]

    def test_who_lost_the_lease_cannot_postpone(self, store: Store, another: Store, people: People) -> None:
        user_with_events(store, people, 1)
        (lost,), (held,) = claim(store), claim(another, now=LATER)
        store.outbox.retry_later(lost, until=NOW, error="too late")
        assert list(claim(store, now=LATER)) == [], "the claim of another was given back"
        another.outbox.release([held])
        assert [delivery.attempts for delivery in claim(store, now=LATER)] == [0]

    def test_who_lost_the_lease_cannot_set_aside(self, store: Store, another: Store, people: People) -> None:
        user_with_events(store, people, 1)
        (lost,), (held,) = claim(store), claim(another, now=LATER)
        store.outbox.dead_letter(lost, error="too late")
        assert list(store.dead_letters.page(limit=10, after=None)) == []
        another.outbox.release([held])
        assert [delivery.attempts for delivery in claim(store, now=LATER)] == [0]

    def test_who_lost_the_lease_cannot_release(self, store: Store, another: Store, people: People) -> None:
        user_with_events(store, people, 1)
        lost, held = claim(store), claim(another, now=LATER)
        store.outbox.release(lost)
        assert list(claim(store, now=LATER)) == []
        another.outbox.acknowledge(held)
        assert list(claim(store, now=MUCH_LATER)) == []

    def test_what_was_settled_meanwhile_stays_so_for_who_lost_the_lease(
        self, store: Store, another: Store, people: People
    ) -> None:
        user_with_events(store, people, 1)
        (lost,) = claim(store)
        another.outbox.acknowledge(claim(another, now=LATER))
        store.outbox.retry_later(lost, until=NOW, error="too late")
        store.outbox.release([lost])
        store.outbox.dead_letter(lost, error="too late")
        store.outbox.acknowledge([lost])
        assert list(claim(store, now=MUCH_LATER)) == []
        assert list(store.dead_letters.page(limit=10, after=None)) == []

    def test_a_claim_can_be_ended_once_only(self, store: Store, people: People) -> None:
        user_with_events(store, people, 1)
        (held,) = claim(store)
        store.outbox.retry_later(held, until=NOW, error="no")
        store.outbox.retry_later(held, until=MUCH_LATER, error="no")
        store.outbox.dead_letter(held, error="no")
        assert [delivery.attempts for delivery in claim(store)] == [1]
