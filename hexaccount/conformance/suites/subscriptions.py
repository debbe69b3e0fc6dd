from functools import partial

import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import SUBSCRIBER, claim, dead_letter_all, sequences, user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import RacingThreads
from hexaccount.conformance.suites.transactions import disable, journal_of, profile_of, save
from hexaccount.events.ports import Backlog
from hexaccount.store_kit.store import Store

REGISTERED = "hexaccount.user.registered.v1"
DISABLED = "hexaccount.user.disabled.v1"
ENABLED = "hexaccount.user.enabled.v1"
NOTHING = Backlog(pending=0, dead_letters=0, oldest=None)


class SubscriptionsContract(ContractSuite):
    """A subscriber receives each event of its types from its subscription until it unsubscribes."""

    def test_nothing_is_pending_for_a_subscriber_that_never_subscribed(self, store: Store, factory: Factory) -> None:
        save(store, factory.user())
        assert list(claim(store, "unsubscribed")) == []

    def test_events_from_before_the_subscription_are_not_pending(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        assert list(claim(store)) == []
        disable(store, user.id, factory.now())
        assert sequences(claim(store)) == [2]

    def test_only_events_of_the_subscribed_types_are_pending(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe("one type", [DISABLED])
        store.outbox.subscribe("two types", {REGISTERED, ENABLED})
        store.outbox.subscribe("all types", ["*"])
        user = user_with_events(store, factory, 4)
        save(store, factory.profile(user.id))
        pending = {
            subscriber: sorted(
                (delivery.entry.aggregate, delivery.entry.sequence) for delivery in claim(store, subscriber)
            )
            for subscriber in ("one type", "two types", "all types")
        }
        assert pending == {
            "one type": [("user", 2), ("user", 4)],
            "two types": [("user", 1), ("user", 3)],
            "all types": [("profile", 1), ("user", 1), ("user", 2), ("user", 3), ("user", 4)],
        }

    def test_types_are_compared_whole(self, store: Store, factory: Factory) -> None:
        for almost in ("hexaccount.user", "hexaccount.*", "%", "HEXACCOUNT.USER.REGISTERED.V1", f"{REGISTERED}1"):
            store.outbox.subscribe(almost, [almost])
        save(store, factory.user())
        assert [list(claim(store, almost)) for almost in ("hexaccount.user", "hexaccount.*", "%")] == [[]] * 3
        assert [list(claim(store, almost)) for almost in (REGISTERED.upper(), f"{REGISTERED}1")] == [[]] * 2

    def test_subscribers_and_types_with_a_long_common_prefix_are_different(
        self, store: Store, factory: Factory
    ) -> None:
        prefix = "x" * 300
        store.outbox.subscribe(f"{prefix}one", [f"{prefix}{REGISTERED}", REGISTERED])
        store.outbox.subscribe(f"{prefix}two", [f"{prefix}{DISABLED}", DISABLED])
        user_with_events(store, factory, 2)
        pending = {end: sequences(claim(store, f"{prefix}{end}")) for end in ("one", "two", "")}
        assert pending == {"one": [1], "two": [2], "": []}
        assert {f"{prefix}one", f"{prefix}two"} <= set(store.subscriptions.names())

    def test_a_type_and_the_wildcard_deliver_an_event_once(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*", REGISTERED])
        save(store, factory.user())
        assert sequences(claim(store)) == [1]

    def test_subscribing_again_delivers_nothing_twice(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(store, factory.user())
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(store, factory.user())
        delivered = claim(store)
        assert sequences(delivered) == [1, 1]
        store.outbox.acknowledge(delivered)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        assert list(claim(store)) == []

    def test_subscribing_again_keeps_claims_and_pending_deliveries(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, factory, 2)
        held = claim(store)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        assert list(claim(store)) == []
        store.outbox.release(held)
        assert sequences(claim(store)) == [1, 2]

    def test_a_type_that_is_added_later_is_delivered_from_then_on(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED])
        user = user_with_events(store, factory, 2)
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED, DISABLED])
        other = user_with_events(store, factory, 2)
        pending = claim(store)
        assert sequences(pending, user.id) == [1]
        assert sequences(pending, other.id) == [1, 2]

    def test_events_of_a_removed_type_are_not_delivered(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED, DISABLED])
        before = user_with_events(store, factory, 2)
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED])
        after = user_with_events(store, factory, 2)
        pending = claim(store)
        assert sequences(pending, before.id) == [1, 2]
        assert sequences(pending, after.id) == [1]

    def test_an_event_is_pending_whichever_handle_commits_it(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        save(other_store, factory.user())  # so that it caches no subscriber
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(other_store, factory.user())
        save(store, factory.user())
        assert sequences(claim(other_store)) == [1, 1]

    def test_racing_subscriptions_of_one_subscriber_subscribe_it_once(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        with RacingThreads(8) as threads:
            for number in range(10):
                name = f"subscriber {number}"
                handles = [store, other_store] * 4
                threads.race(partial(handle.outbox.subscribe, name, [REGISTERED, ENABLED]) for handle in handles)
                save(store, factory.user())
                assert sequences(claim(store, name)) == [1]

    def test_a_delivery_holds_the_entry_of_the_journal(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user = user_with_events(store, factory, 3)
        save(store, factory.profile(user.id, bio="\U0001f600 \u05e9\u05dc\u05d5\u05dd"))
        profile = profile_of(store, user.id)
        pending = claim(store)
        for aggregate in (user, profile):
            entries = [delivery.entry for delivery in pending if delivery.entry.aggregate == aggregate.kind]
            assert entries == list(journal_of(store, aggregate))
        assert {(delivery.subscriber, delivery.attempts) for delivery in pending} == {(SUBSCRIBER, 0)}

    def test_a_subscriber_of_several_types_is_listed_once(self, store: Store, other_store: Store) -> None:
        before = set(store.subscriptions.names())
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED, DISABLED])
        store.outbox.subscribe("kafka://h\u00f6st/\U0001f600", ["*"])
        assert sorted(other_store.subscriptions.names()) == sorted(
            before | {SUBSCRIBER, "kafka://h\u00f6st/\U0001f600"}
        )

    def test_a_subscriber_without_types_is_listed_while_deliveries_are_pending(
        self, store: Store, factory: Factory
    ) -> None:
        before = set(store.subscriptions.names())
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, factory, 2)
        store.outbox.subscribe(SUBSCRIBER, [])
        first, second = claim(store)
        store.outbox.acknowledge([first])
        assert set(store.subscriptions.names()) == before | {SUBSCRIBER}
        store.outbox.dead_letter(second, error="no")
        assert set(store.subscriptions.names()) == before | {SUBSCRIBER}
        store.dead_letters.retry()
        store.outbox.acknowledge(claim(store))
        assert set(store.subscriptions.names()) == before

    def test_a_subscriber_with_enqueued_events_only_is_listed(self, store: Store, factory: Factory) -> None:
        user = user_with_events(store, factory, 1)
        store.outbox.enqueue("unsubscribed", journal_of(store, user))
        assert "unsubscribed" in store.subscriptions.names()

    def test_unsubscribing_removes_the_deliveries_of_that_subscriber_only(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.subscribe(subscriber, ["*"])
        user = user_with_events(store, factory, 3)
        store.outbox.dead_letter(claim(store, limit=1)[0], error="no")
        claim(store, limit=1)  # another consumer holds one
        assert other_store.subscriptions.unsubscribe(SUBSCRIBER, limit=10) == 3
        user_with_events(store, factory, 1)
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == NOTHING
        assert list(store.dead_letters.page(limit=10, after=None)) == []
        assert SUBSCRIBER not in store.subscriptions.names()
        assert sequences(claim(store, "another"), user.id) == [1, 2, 3]
        assert len(journal_of(store, user)) == 3

    def test_the_outcome_of_a_claim_restores_no_delivery_after_unsubscribing(
        self, store: Store, factory: Factory
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, factory, 3)
        first, second, third = claim(store)
        store.subscriptions.unsubscribe(SUBSCRIBER, limit=10)
        store.outbox.acknowledge([first])
        store.outbox.dead_letter(second, error="no")
        store.outbox.release([third])
        assert store.outbox.backlog(SUBSCRIBER, limit=10) == NOTHING

    @pytest.mark.parametrize("dead_lettered", [False, True])
    def test_unsubscribing_removes_deliveries_in_batches(
        self, store: Store, factory: Factory, *, dead_lettered: bool
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, factory, 5)
        if dead_lettered:
            dead_letter_all(store, SUBSCRIBER)
        assert [store.subscriptions.unsubscribe(SUBSCRIBER, limit=2) for _ in range(4)] == [2, 2, 1, 0]

    def test_unsubscribing_an_unknown_subscriber_changes_nothing(self, store: Store) -> None:
        before = set(store.subscriptions.names())
        assert store.subscriptions.unsubscribe("unknown", limit=10) == 0
        assert set(store.subscriptions.names()) == before

    def test_a_new_subscription_after_unsubscribing_delivers_later_events_only(
        self, store: Store, factory: Factory
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, factory, 1)
        store.subscriptions.unsubscribe(SUBSCRIBER, limit=10)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user = user_with_events(store, factory, 2)
        assert [delivery.entry.aggregate_id for delivery in claim(store)] == [user.id] * 2
