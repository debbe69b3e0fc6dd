from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from time import monotonic, sleep

from hexaccount.conformance.suites.owing import NOW, SUBSCRIBER, claim, give_up, sequences, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import PATIENCE, race
from hexaccount.conformance.suites.storing import disable, journal_of, save
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Delivery
from hexaccount.store_kit.store import Store


def history_of(store: Store, people: People, count: int) -> Sequence[JournalEntry]:
    """Commit an account with this many events and return them."""
    return journal_of(store, user_with_events(store, people, count))


class OwingAgainContract(ContractSuite):
    """Events of the journal are owed once more to whom they are replayed to, and delivered as all others."""

    def test_events_from_before_the_enrolment_can_be_owed(self, store: Store, people: People) -> None:
        entries = history_of(store, people, 3)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        store.outbox.enqueue(SUBSCRIBER, entries)
        claimed = claim(store)
        assert [delivery.entry for delivery in claimed] == list(entries)
        assert {(delivery.subscriber, delivery.attempts) for delivery in claimed} == {(SUBSCRIBER, 0)}

    def test_who_never_enrolled_can_be_owed_too(self, store: Store, people: People) -> None:
        store.outbox.enqueue("a stranger", history_of(store, people, 2))
        save(store, people.user())
        assert sequences(claim(store, "a stranger")) == [1, 2]

    def test_what_was_delivered_is_delivered_once_more_and_then_no_more(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        entries = history_of(store, people, 3)
        store.outbox.acknowledge(claim(store))
        store.outbox.enqueue(SUBSCRIBER, entries)
        again = claim(store)
        assert sequences(again) == [1, 2, 3]
        store.outbox.acknowledge(again)
        assert list(claim(store)) == []

    def test_it_is_owed_to_one_subscriber_only(self, store: Store, people: People) -> None:
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.subscribe(subscriber, ["*"])
        entries = history_of(store, people, 2)
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.acknowledge(claim(store, subscriber))
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert list(claim(store, "another")) == []

    def test_only_what_is_named_is_owed(self, store: Store, people: People) -> None:
        entries = history_of(store, people, 4)
        store.outbox.enqueue(SUBSCRIBER, [entries[1], entries[3]])
        store.outbox.enqueue(SUBSCRIBER, [])
        assert sequences(claim(store)) == [2, 4]

    def test_what_is_owed_already_is_not_owed_twice(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        entries = history_of(store, people, 3)
        store.outbox.enqueue(SUBSCRIBER, entries)
        store.outbox.enqueue(SUBSCRIBER, entries)
        pending = claim(store)
        assert sequences(pending) == [1, 2, 3]
        store.outbox.acknowledge(pending)
        assert list(claim(store)) == []

    def test_claims_and_counted_failures_stay_as_they_are(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        entries = history_of(store, people, 2)
        first, second = claim(store)
        store.outbox.retry_later(first, until=NOW + timedelta(minutes=1), error="no")
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert list(claim(store)) == []
        store.outbox.release([second])
        claimed = claim(store, now=NOW + timedelta(minutes=1))
        assert [(delivery.entry.sequence, delivery.attempts) for delivery in claimed] == [(1, 1), (2, 0)]

    def test_what_was_given_up_is_owed_again_with_no_failure_counted(self, store: Store, people: People) -> None:
        for subscriber in (SUBSCRIBER, "another"):
            store.outbox.subscribe(subscriber, ["*"])
        entries = history_of(store, people, 2)
        give_up(store, SUBSCRIBER, "another")
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert [(each.entry.sequence, each.attempts) for each in claim(store)] == [(1, 0), (2, 0)]
        assert {each.subscriber for each in store.dead_letters.page(limit=10, after=None)} == {"another"}

    def test_later_events_wait_for_those_owed_again(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user = user_with_events(store, people, 3)
        store.outbox.acknowledge(claim(store))
        disable(store, user.id, people.now())
        store.outbox.enqueue(SUBSCRIBER, journal_of(store, user)[:3])
        (first,) = claim(store, limit=1)
        assert first.entry.sequence == 1
        assert list(claim(store)) == []
        store.outbox.release([first])
        assert sequences(claim(store)) == [1, 2, 3, 4]

    def test_a_long_history_is_owed_in_one_step(self, store: Store, people: People) -> None:
        entries = history_of(store, people, 2500)
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert sequences(claim(store, limit=3000)) == list(range(1, 2501))

    def test_who_claims_meanwhile_sees_all_of_a_step_or_nothing(
        self, store: Store, another: Store, people: People
    ) -> None:
        entries = history_of(store, people, 1500)

        def claim_something() -> Sequence[Delivery]:
            deadline = monotonic() + PATIENCE
            while monotonic() < deadline:
                if claimed := claim(another, limit=2000):
                    return claimed
                sleep(0)
            return []

        owing = partial(store.outbox.enqueue, SUBSCRIBER, entries)
        claimed, _ = race(claim_something, owing)
        assert claimed
        assert sequences(claimed) == list(range(1, 1501))

    def test_of_those_who_owe_the_same_at_once_each_event_is_owed_once(
        self, store: Store, another: Store, people: People
    ) -> None:
        entries = history_of(store, people, 20)
        race(*(partial(handle.outbox.enqueue, SUBSCRIBER, entries) for handle in [store, another] * 4))
        claimed = claim(store)
        assert sequences(claimed) == list(range(1, 21))
        store.outbox.acknowledge(claimed)
        assert list(claim(store)) == []

    def test_who_waits_for_commits_is_woken(self, store: Store, people: People) -> None:
        entries = history_of(store, people, 1)
        seen = store.commits.count
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert store.commits.count > seen
