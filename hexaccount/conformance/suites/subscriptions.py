import pytest

from hexaccount.conformance.suites.owing import SUBSCRIBER, claim, give_up, sequences, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import journal_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.events.ports import Backlog
from hexaccount.store_kit.store import Store

REGISTERED = "hexaccount.user.registered.v1"
NOTHING = Backlog(pending=0, dead_letters=0, oldest=None)


class SubscriptionsContract(ContractSuite):
    """Who is owed events is known, and nobody is owed them for ever."""

    def test_whoever_is_enrolled_is_known_once_however_many_types_it_takes(self, store: Store, another: Store) -> None:
        before = set(store.subscriptions.names())
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED, "hexaccount.user.disabled.v1"])
        store.outbox.subscribe("kafka://h\u00f6st/\U0001f600", ["*"])
        assert sorted(another.subscriptions.names()) == sorted(before | {SUBSCRIBER, "kafka://h\u00f6st/\U0001f600"})

    def test_who_takes_no_type_any_more_is_known_while_it_is_owed_something(self, store: Store, people: People) -> None:
        before = set(store.subscriptions.names())
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, people, 2)
        store.outbox.subscribe(SUBSCRIBER, [])
        first, second = claim(store)
        store.outbox.acknowledge([first])
        assert set(store.subscriptions.names()) == before | {SUBSCRIBER}
        store.outbox.dead_letter(second, error="no")
        assert set(store.subscriptions.names()) == before | {SUBSCRIBER}
        store.dead_letters.retry()
        store.outbox.acknowledge(claim(store))
        assert set(store.subscriptions.names()) == before

    def test_who_is_owed_without_being_enrolled_is_known(self, store: Store, people: People) -> None:
        user = user_with_events(store, people, 1)
        store.outbox.enqueue("a stranger", journal_of(store, user))
        assert "a stranger" in store.subscriptions.names()

    def test_who_is_cancelled_is_owed_nothing_and_nobody_else_is_touched(
        self, store: Store, another: Store, people: People
    ) -> None:
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.subscribe(subscriber, ["*"])
        user = user_with_events(store, people, 3)
        store.outbox.dead_letter(claim(store, limit=1)[0], error="no")
        claim(store, limit=1)  # which somebody holds
        assert another.subscriptions.unsubscribe(SUBSCRIBER, limit=10) == 3
        user_with_events(store, people, 1)
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == NOTHING
        assert list(store.dead_letters.page(limit=10, after=None)) == []
        assert SUBSCRIBER not in store.subscriptions.names()
        assert sequences(claim(store, "another"), user.id) == [1, 2, 3]
        assert len(journal_of(store, user)) == 3

    def test_what_its_holder_does_with_a_claim_afterwards_brings_nothing_back(
        self, store: Store, people: People
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, people, 3)
        first, second, third = claim(store)
        store.subscriptions.unsubscribe(SUBSCRIBER, limit=10)
        store.outbox.acknowledge([first])
        store.outbox.dead_letter(second, error="no")
        store.outbox.release([third])
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == NOTHING

    @pytest.mark.parametrize("given_up", [False, True])
    def test_much_is_struck_off_step_by_step(self, store: Store, people: People, *, given_up: bool) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, people, 5)
        if given_up:
            give_up(store, SUBSCRIBER)
        assert [store.subscriptions.unsubscribe(SUBSCRIBER, limit=2) for _ in range(4)] == [2, 2, 1, 0]

    def test_to_cancel_nobody_changes_nothing(self, store: Store) -> None:
        before = set(store.subscriptions.names())
        assert store.subscriptions.unsubscribe("nobody", limit=10) == 0
        assert set(store.subscriptions.names()) == before

    def test_who_enrols_again_is_owed_what_happens_from_then_on(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, people, 1)
        store.subscriptions.unsubscribe(SUBSCRIBER, limit=10)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user = user_with_events(store, people, 2)
        assert [delivery.entry.aggregate_id for delivery in claim(store)] == [user.id] * 2
