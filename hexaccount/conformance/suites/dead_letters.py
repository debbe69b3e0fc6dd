from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest

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
from hexaccount.conformance.suites.transactions import disable, journal_of
from hexaccount.store_kit.store import Store


class DeadLettersContract(ContractSuite):
    """A dead letter is not delivered until it is retried; operators can list and retry dead letters."""

    @pytest.fixture(autouse=True)
    def _subscribe(self, store: Store) -> None:
        for subscriber in (SUBSCRIBER, "another", "a third"):
            store.outbox.subscribe(subscriber, ["*"])

    def test_later_events_do_not_wait_for_a_dead_letter(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        (first,) = claim(store, limit=1)
        store.outbox.dead_letter(first, error="no")
        assert sequences(claim(store)) == [2, 3]

    def test_a_dead_letter_in_the_middle_is_skipped(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 4)
        first, second, *rest = claim(store)
        store.outbox.dead_letter(second, error="no")
        store.outbox.release([first, *rest])
        assert sequences(claim(store)) == [1, 3, 4]

    def test_a_dead_letter_is_never_claimed(self, store: Store, factory: Factory) -> None:
        user = user_with_events(store, factory, 1)
        dead_letter_all(store, SUBSCRIBER)
        assert list(claim(store, now=NOW + timedelta(days=365))) == []
        disable(store, user.id, factory.now())
        assert sequences(claim(store)) == [2]

    def test_a_dead_letter_belongs_to_one_subscriber(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 2)
        dead_letter_all(store, SUBSCRIBER)
        assert sequences(claim(store, "another")) == [1, 2]

    def test_a_dead_letter_has_its_failure_count_and_its_last_error(self, store: Store, factory: Factory) -> None:
        user = user_with_events(store, factory, 1)
        store.outbox.retry_later(claim(store)[0], until=NOW, error="the first time")
        error = "OSError: \u274c 'no' %s " + "x" * 480
        store.outbox.dead_letter(claim(store)[0], error=error)
        (listed,) = store.dead_letters.page(limit=10, after=None)
        assert (listed.subscriber, listed.attempts, listed.error) == (SUBSCRIBER, 2, error)
        assert listed.entry == journal_of(store, user)[0]

    def test_the_page_is_ordered_by_event_and_subscriber(self, store: Store, factory: Factory) -> None:
        for _ in range(3):
            user_with_events(store, factory, 2)
        dead_lettered = dead_letter_all(store, "another", SUBSCRIBER, "a third")
        events = sorted({delivery.entry.id for delivery in dead_lettered})
        expected = list(product(events, sorted(["another", SUBSCRIBER, "a third"])))
        listed = store.dead_letters.page(limit=100, after=None)
        assert [(each.entry.id, each.subscriber) for each in listed] == expected
        assert [(each.entry.id, each.subscriber) for each in store.dead_letters.page(limit=7, after=None)] == expected[
            :7
        ]
        after = store.dead_letters.page(limit=100, after=events[1])
        assert [(each.entry.id, each.subscriber) for each in after] == expected[6:]
        assert list(store.dead_letters.page(limit=100, after=events[-1])) == []

    def test_the_page_of_one_subscriber_is_ordered_by_event(self, store: Store, factory: Factory) -> None:
        for _ in range(3):
            user_with_events(store, factory, 2)
        events = sorted(delivery.entry.id for delivery in dead_letter_all(store, SUBSCRIBER, "another")[:6])
        found: list[UUID] = []
        while page := store.dead_letters.page(limit=1, after=found[-1] if found else None, subscriber="another"):
            assert [each.subscriber for each in page] == ["another"]
            assert page[0].entry.id not in found
            found += [each.entry.id for each in page]
        assert found == events
        assert list(store.dead_letters.page(limit=9, after=None, subscriber="unknown")) == []

    def test_the_page_holds_only_dead_letters(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 4)
        first, second, third, _ = claim(store)
        store.outbox.acknowledge([first])
        store.outbox.retry_later(second, until=NOW, error="no")
        store.outbox.dead_letter(third, error="no")
        assert sequences(store.dead_letters.page(limit=10, after=None)) == [3]

    def test_a_retry_of_all_enqueues_all_again_without_failures(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 2)
        dead_letter_all(store, SUBSCRIBER, "another")
        assert store.dead_letters.retry() == 4
        assert list(store.dead_letters.page(limit=10, after=None)) == []
        for subscriber in (SUBSCRIBER, "another"):
            assert [(each.entry.sequence, each.attempts) for each in claim(store, subscriber)] == [(1, 0), (2, 0)]
        assert store.dead_letters.retry() == 0

    def test_a_retry_can_be_limited_to_an_event_or_a_subscriber(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        dead_lettered = dead_letter_all(store, SUBSCRIBER, "another", "a third")
        events = [delivery.entry.id for delivery in dead_lettered[:3]]
        assert store.dead_letters.retry(event_id=factory.new_id()) == 0
        assert store.dead_letters.retry(event_id=events[0], subscriber="another") == 1
        assert store.dead_letters.retry(event_id=events[1]) == 3
        assert store.dead_letters.retry(subscriber="a third") == 2
        assert store.dead_letters.retry(subscriber="unknown") == 0
        pending = {name: sequences(claim(store, name)) for name in (SUBSCRIBER, "another", "a third")}
        assert pending == {SUBSCRIBER: [2], "another": [1, 2], "a third": [1, 2, 3]}

    def test_a_retry_does_not_affect_pending_deliveries(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 2)
        first, second = claim(store)
        store.outbox.retry_later(first, until=NOW + timedelta(hours=1), error="no")
        assert store.dead_letters.retry(event_id=first.entry.id) == 0
        assert store.dead_letters.retry(event_id=second.entry.id, subscriber=SUBSCRIBER) == 0
        assert store.dead_letters.retry() == 0
        assert list(claim(store)) == []

    def test_a_retry_keeps_the_claims_and_failure_counts_of_pending_deliveries(
        self, store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, 1)
        store.outbox.retry_later(claim(store)[0], until=NOW, error="no")
        held = claim(store)
        assert store.dead_letters.retry() == 0
        assert list(claim(store)) == [], "a claim was released"
        store.outbox.release(held)
        assert [delivery.attempts for delivery in claim(store)] == [1]

    @pytest.mark.parametrize("revival", ["retry", "enqueue"])
    def test_a_revived_delivery_is_due_at_once_however_late_it_was_put(
        self, store: Store, factory: Factory, revival: str
    ) -> None:
        user, later = user_with_events(store, factory, 1), NOW + timedelta(hours=1)
        store.outbox.retry_later(claim(store)[0], until=later, error="no")
        dead_letter_all(store, SUBSCRIBER, now=later)
        if revival == "retry":
            store.dead_letters.retry()
        else:
            store.outbox.enqueue(SUBSCRIBER, journal_of(store, user))
        assert sequences(claim(store)) == [1]

    def test_threads_that_wait_for_commits_are_woken_by_what_makes_deliveries_due(
        self, store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, 2)
        (first,) = claim(store, limit=1)
        seen = store.commits.count
        store.outbox.dead_letter(first, error="no")
        assert store.commits.count > seen, "a dead letter has made the next event due, and wakes no relay"
        seen = store.commits.count
        store.dead_letters.retry()
        assert store.commits.count > seen, "a retry wakes no relay"

    def test_after_a_retry_later_events_wait_again(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        (first,) = claim(store, limit=1)
        store.outbox.dead_letter(first, error="no")
        store.dead_letters.retry()
        (again,) = claim(store, limit=1)
        assert again.entry == first.entry
        assert list(claim(store)) == []
        store.outbox.acknowledge([again])
        assert sequences(claim(store)) == [2, 3]

    def test_a_retried_delivery_can_be_dead_lettered_again(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 1)
        dead_letter_all(store, SUBSCRIBER)
        store.dead_letters.retry()
        dead_letter_all(store, SUBSCRIBER)
        assert [each.attempts for each in store.dead_letters.page(limit=10, after=None)] == [1]

    def test_an_old_claim_cannot_dead_letter_a_retried_delivery(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 1)
        (old,) = dead_letter_all(store, SUBSCRIBER)
        store.dead_letters.retry()
        store.outbox.dead_letter(old, error="again")
        assert sequences(claim(store)) == [1]
