import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import NOW, SUBSCRIBER, claim, dead_letter_all, user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.events.ports import Backlog
from hexaccount.store_kit.store import Store


class BacklogContract(ContractSuite):
    """The backlog counts the pending deliveries and the dead letters of a subscriber."""

    @pytest.fixture(autouse=True)
    def _subscribe(self, store: Store) -> None:
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.subscribe(subscriber, ["*"])

    def test_the_backlog_of_a_subscriber_without_deliveries_is_empty(self, store: Store) -> None:
        empty = Backlog(pending=0, dead_letters=0, oldest=None)
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == empty
        assert store.outbox.backlog("unknown", limit=10) == empty

    def test_the_backlog_counts_claimed_and_unclaimed_deliveries_and_names_the_oldest(
        self, store: Store, factory: Factory
    ) -> None:
        for _ in range(2):
            user_with_events(store, factory, 3)
        oldest = min(delivery.entry.id for delivery in claim(store, limit=4))
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(pending=6, dead_letters=0, oldest=oldest)

    def test_acknowledged_deliveries_leave_the_backlog(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        first, second, _ = claim(store)
        store.outbox.acknowledge([first])
        store.outbox.retry_later(second, until=NOW, error="no")
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(pending=2, dead_letters=0, oldest=second.entry.id)
        assert store.outbox.backlog("another", limit=10) == Backlog(pending=3, dead_letters=0, oldest=first.entry.id)

    def test_dead_letters_are_counted_separately(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        first, second, third = claim(store)
        store.outbox.dead_letter(first, error="no")
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(pending=2, dead_letters=1, oldest=second.entry.id)
        for delivery in (second, third):
            store.outbox.dead_letter(delivery, error="no")
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(pending=0, dead_letters=3, oldest=None)

    def test_counts_stop_at_the_limit(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 5)
        oldest = dead_letter_all(store, "another")[0].entry.id
        assert store.outbox.backlog(SUBSCRIBER, limit=4) == Backlog(pending=4, dead_letters=0, oldest=oldest)
        assert store.outbox.backlog("another", limit=4) == Backlog(pending=0, dead_letters=4, oldest=None)
