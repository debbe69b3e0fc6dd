from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from time import monotonic, sleep

from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import (
    NOW,
    SUBSCRIBER,
    claim,
    dead_letter_all,
    sequences,
    user_with_events,
)
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import TIMEOUT_SECONDS, race
from hexaccount.conformance.suites.transactions import disable, journal_of, save
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Delivery
from hexaccount.store_kit.store import Store


def history_of(store: Store, factory: Factory, count: int) -> Sequence[JournalEntry]:
    """Commit an account with `count` events, and return them."""
    return journal_of(store, user_with_events(store, factory, count))


class EnqueueingContract(ContractSuite):
    """A replay enqueues journal events again; they are delivered like all others."""

    def test_events_from_before_the_subscription_can_be_enqueued(self, store: Store, factory: Factory) -> None:
        entries = history_of(store, factory, 3)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        store.outbox.enqueue(SUBSCRIBER, entries)
        claimed = claim(store)
        assert [delivery.entry for delivery in claimed] == list(entries)
        assert {(delivery.subscriber, delivery.attempts) for delivery in claimed} == {(SUBSCRIBER, 0)}

    def test_events_can_be_enqueued_for_a_subscriber_that_never_subscribed(
        self, store: Store, factory: Factory
    ) -> None:
        store.outbox.enqueue("unsubscribed", history_of(store, factory, 2))
        save(store, factory.user())
        assert sequences(claim(store, "unsubscribed")) == [1, 2]

    def test_an_acknowledged_event_can_be_delivered_once_more(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        entries = history_of(store, factory, 3)
        store.outbox.acknowledge(claim(store))
        store.outbox.enqueue(SUBSCRIBER, entries)
        again = claim(store)
        assert sequences(again) == [1, 2, 3]
        store.outbox.acknowledge(again)
        assert list(claim(store)) == []

    def test_events_are_enqueued_for_one_subscriber_only(self, store: Store, factory: Factory) -> None:
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.subscribe(subscriber, ["*"])
        entries = history_of(store, factory, 2)
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.acknowledge(claim(store, subscriber))
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert list(claim(store, "another")) == []

    def test_only_the_given_events_are_enqueued(self, store: Store, factory: Factory) -> None:
        entries = history_of(store, factory, 4)
        store.outbox.enqueue(SUBSCRIBER, [entries[1], entries[3]])
        store.outbox.enqueue(SUBSCRIBER, [])
        assert sequences(claim(store)) == [2, 4]

    def test_a_pending_event_is_not_enqueued_twice(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        entries = history_of(store, factory, 3)
        store.outbox.enqueue(SUBSCRIBER, entries)
        store.outbox.enqueue(SUBSCRIBER, entries)
        pending = claim(store)
        assert sequences(pending) == [1, 2, 3]
        store.outbox.acknowledge(pending)
        assert list(claim(store)) == []

    def test_enqueueing_keeps_claims_and_failure_counts(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        held, late = history_of(store, factory, 1), history_of(store, factory, 1)
        deliveries = {delivery.entry.id: delivery for delivery in claim(store)}
        until = NOW + timedelta(seconds=10)
        store.outbox.retry_later(deliveries[late[0].id], until=until, error="not now")
        store.outbox.enqueue(SUBSCRIBER, [*held, *late])
        assert list(claim(store)) == [], "a claim or a delay was lost"
        store.outbox.release([deliveries[held[0].id]])
        assert {each.entry.id: each.attempts for each in claim(store, now=until)} == {held[0].id: 0, late[0].id: 1}

    def test_a_dead_letter_is_enqueued_again_without_failures(self, store: Store, factory: Factory) -> None:
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.subscribe(subscriber, ["*"])
        entries = history_of(store, factory, 2)
        dead_letter_all(store, SUBSCRIBER, "another")
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert [(each.entry.sequence, each.attempts) for each in claim(store)] == [(1, 0), (2, 0)]
        assert {each.subscriber for each in store.dead_letters.page(limit=10, after=None)} == {"another"}

    def test_later_events_wait_for_the_enqueued_events(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user = user_with_events(store, factory, 3)
        store.outbox.acknowledge(claim(store))
        disable(store, user.id, factory.now())
        store.outbox.enqueue(SUBSCRIBER, journal_of(store, user)[:3])
        (first,) = claim(store, limit=1)
        assert first.entry.sequence == 1
        assert list(claim(store)) == []
        store.outbox.release([first])
        assert sequences(claim(store)) == [1, 2, 3, 4]

    def test_a_long_history_is_enqueued_in_one_step(self, store: Store, factory: Factory) -> None:
        entries = history_of(store, factory, 2500)
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert sequences(claim(store, limit=3000)) == list(range(1, 2501))

    def test_a_concurrent_claim_sees_all_of_a_step_or_nothing(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        entries = history_of(store, factory, 1500)

        def claim_something() -> Sequence[Delivery]:
            deadline = monotonic() + TIMEOUT_SECONDS
            while monotonic() < deadline:
                if claimed := claim(other_store, limit=2000):
                    return claimed
                sleep(0)
            return []

        enqueue = partial(store.outbox.enqueue, SUBSCRIBER, entries)
        claimed, _ = race(claim_something, enqueue)
        assert claimed
        assert sequences(claimed) == list(range(1, 1501))

    def test_racing_calls_enqueue_each_event_once(self, store: Store, other_store: Store, factory: Factory) -> None:
        entries = history_of(store, factory, 20)
        race(*(partial(handle.outbox.enqueue, SUBSCRIBER, entries) for handle in [store, other_store] * 4))
        claimed = claim(store)
        assert sequences(claimed) == list(range(1, 21))
        store.outbox.acknowledge(claimed)
        assert list(claim(store)) == []

    def test_enqueueing_wakes_threads_that_wait_for_commits(self, store: Store, factory: Factory) -> None:
        entries = history_of(store, factory, 1)
        seen = store.commits.count
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert store.commits.count > seen
