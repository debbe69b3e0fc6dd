from functools import partial

from hexaccount.conformance.suites.owing import SUBSCRIBER, claim, sequences, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import Racers
from hexaccount.conformance.suites.storing import disable, journal_of, profile_of, save
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.store_kit.store import Store

REGISTERED = "hexaccount.user.registered.v1"
DISABLED = "hexaccount.user.disabled.v1"
ENABLED = "hexaccount.user.enabled.v1"


class EnrolmentContract(ContractSuite):
    """From its enrolment on, a subscriber is owed each event of its types, whoever commits it."""

    def test_nothing_is_owed_to_who_never_enrolled(self, store: Store, people: People) -> None:
        save(store, people.user())
        assert list(claim(store, "a stranger")) == []

    def test_events_from_before_the_enrolment_are_not_owed(self, store: Store, people: People) -> None:
        user = people.user()
        save(store, user)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        assert list(claim(store)) == []
        disable(store, user.id, people.now())
        assert sequences(claim(store)) == [2]

    def test_only_events_of_the_enrolled_types_are_owed(self, store: Store, people: People) -> None:
        store.outbox.subscribe("one type", [DISABLED])
        store.outbox.subscribe("two types", {REGISTERED, ENABLED})
        store.outbox.subscribe("all types", ["*"])
        user = user_with_events(store, people, 4)
        save(store, people.profile(user.id))
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

    def test_the_beginning_of_a_type_is_not_the_type(self, store: Store, people: People) -> None:
        for almost in ("hexaccount.user", "hexaccount.*", "%", "HEXACCOUNT.USER.REGISTERED.V1", f"{REGISTERED}1"):
            store.outbox.subscribe(almost, [almost])
        save(store, people.user())
        assert [list(claim(store, almost)) for almost in ("hexaccount.user", "hexaccount.*", "%")] == [[]] * 3
        assert [list(claim(store, almost)) for almost in (REGISTERED.upper(), f"{REGISTERED}1")] == [[]] * 2

    def test_a_type_and_the_sign_for_all_owe_an_event_once(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*", REGISTERED])
        save(store, people.user())
        assert sequences(claim(store)) == [1]

    def test_enrolling_again_owes_nothing_twice_and_nothing_anew(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(store, people.user())
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(store, people.user())
        delivered = claim(store)
        assert sequences(delivered) == [1, 1]
        store.outbox.acknowledge(delivered)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        assert list(claim(store)) == []

    def test_enrolling_again_keeps_claims_and_what_is_owed(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, people, 2)
        held = claim(store)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        assert list(claim(store)) == []
        store.outbox.release(held)
        assert sequences(claim(store)) == [1, 2]

    def test_a_type_that_is_enrolled_later_is_owed_from_then_on(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED])
        user = user_with_events(store, people, 2)
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED, DISABLED])
        other = user_with_events(store, people, 2)
        pending = claim(store)
        assert sequences(pending, user.id) == [1]
        assert sequences(pending, other.id) == [1, 2]

    def test_a_type_that_is_no_longer_enrolled_is_owed_no_more(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED, DISABLED])
        before = user_with_events(store, people, 2)
        store.outbox.subscribe(SUBSCRIBER, [REGISTERED])
        after = user_with_events(store, people, 2)
        pending = claim(store)
        assert sequences(pending, before.id) == [1, 2]
        assert sequences(pending, after.id) == [1]

    def test_an_event_is_owed_whichever_handle_commits_it(self, store: Store, another: Store, people: People) -> None:
        save(another, people.user())  # before it could hear of any subscriber
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(another, people.user())
        save(store, people.user())
        assert sequences(claim(another)) == [1, 1]

    def test_racing_enrolments_of_one_subscriber_enrol_it_once(
        self, store: Store, another: Store, people: People
    ) -> None:
        with Racers(8) as racers:
            for number in range(10):
                name = f"subscriber {number}"
                handles = [store, another] * 4
                racers.race(partial(handle.outbox.subscribe, name, [REGISTERED, ENABLED]) for handle in handles)
                save(store, people.user())
                assert sequences(claim(store, name)) == [1]

    def test_a_delivery_holds_the_entry_as_the_journal_does(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user = user_with_events(store, people, 3)
        save(store, people.profile(user.id, bio="\U0001f600 \u05e9\u05dc\u05d5\u05dd"))
        profile = profile_of(store, user.id)
        assert profile
        pending = claim(store)
        for aggregate in (user, profile):
            entries = [delivery.entry for delivery in pending if delivery.entry.aggregate == aggregate.kind]
            assert entries == list(journal_of(store, aggregate))
        assert {(delivery.subscriber, delivery.attempts) for delivery in pending} == {(SUBSCRIBER, 0)}
