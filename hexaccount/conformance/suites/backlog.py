import pytest

from hexaccount.conformance.suites.owing import NOW, SUBSCRIBER, claim, give_up, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.events.ports import Backlog
from hexaccount.store_kit.store import Store


class BacklogContract(ContractSuite):
    """What has piled up for a subscriber can be told at any time."""

    @pytest.fixture(autouse=True)
    def _enrolled(self, store: Store) -> None:
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.subscribe(subscriber, ["*"])

    def test_nothing_has_piled_up_for_who_is_owed_nothing(self, store: Store) -> None:
        nothing = Backlog(pending=0, dead_letters=0, oldest=None)
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == nothing
        assert store.outbox.backlog("nobody", limit=10) == nothing

    def test_what_is_owed_is_counted_claimed_or_not_and_the_oldest_is_told(self, store: Store, people: People) -> None:
        for _ in range(2):
            user_with_events(store, people, 3)
        oldest = min(delivery.entry.id for delivery in claim(store, limit=4))
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(pending=6, dead_letters=0, oldest=oldest)

    def test_what_is_delivered_is_counted_no_more(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        first, second, _ = claim(store)
        store.outbox.acknowledge([first])
        store.outbox.retry_later(second, until=NOW, error="no")
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(pending=2, dead_letters=0, oldest=second.entry.id)
        assert store.outbox.backlog("another", limit=10) == Backlog(pending=3, dead_letters=0, oldest=first.entry.id)

    def test_what_was_given_up_is_counted_by_itself(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        first, second, third = claim(store)
        store.outbox.dead_letter(first, error="no")
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(pending=2, dead_letters=1, oldest=second.entry.id)
        for delivery in (second, third):
            store.outbox.dead_letter(delivery, error="no")
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(pending=0, dead_letters=3, oldest=None)

    def test_nobody_counts_further_than_asked(self, store: Store, people: People) -> None:
        user_with_events(store, people, 5)
        oldest = give_up(store, "another")[0].entry.id
        assert store.outbox.backlog(SUBSCRIBER, limit=4) == Backlog(pending=4, dead_letters=0, oldest=oldest)
        assert store.outbox.backlog("another", limit=4) == Backlog(pending=0, dead_letters=4, oldest=None)
