import pytest

from hexaccount.application.ports.outbox import Backlog
from hexaccount.application.ports.store import Store
from hexaccount.conformance.suites.owing import NOW, SUBSCRIBER, claim, give_up, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.subject import ContractSuite


class BacklogContract(ContractSuite):
    """What has piled up for a subscriber can be told at any time."""

    @pytest.fixture(autouse=True)
    def _enrolled(self, store: Store) -> None:
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.enrol(subscriber, ["*"])

    def test_nothing_has_piled_up_for_who_is_owed_nothing(self, store: Store) -> None:
        nothing = Backlog(owed=0, set_aside=0, oldest=None)
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == nothing
        assert store.outbox.backlog("nobody", limit=10) == nothing

    def test_what_is_owed_is_counted_claimed_or_not_and_the_oldest_is_told(self, store: Store, people: People) -> None:
        for _ in range(2):
            user_with_events(store, people, 3)
        oldest = min(delivery.entry.id for delivery in claim(store, limit=4))
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(owed=6, set_aside=0, oldest=oldest)

    def test_what_is_delivered_is_counted_no_more(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        first, second, _ = claim(store)
        store.outbox.settle([first])
        store.outbox.postpone(second, until=NOW, error="no")
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(owed=2, set_aside=0, oldest=second.entry.id)
        assert store.outbox.backlog("another", limit=10) == Backlog(owed=3, set_aside=0, oldest=first.entry.id)

    def test_what_was_given_up_is_counted_by_itself(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        first, second, third = claim(store)
        store.outbox.set_aside(first, error="no")
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(owed=2, set_aside=1, oldest=second.entry.id)
        for delivery in (second, third):
            store.outbox.set_aside(delivery, error="no")
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == Backlog(owed=0, set_aside=3, oldest=None)

    def test_nobody_counts_further_than_asked(self, store: Store, people: People) -> None:
        user_with_events(store, people, 5)
        oldest = give_up(store, "another")[0].entry.id
        assert store.outbox.backlog(SUBSCRIBER, limit=4) == Backlog(owed=4, set_aside=0, oldest=oldest)
        assert store.outbox.backlog("another", limit=4) == Backlog(owed=0, set_aside=4, oldest=None)
