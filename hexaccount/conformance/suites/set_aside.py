from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest

from hexaccount.conformance.suites.owing import NOW, SUBSCRIBER, claim, give_up, sequences, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import disable, journal_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.store_kit.store import Store


class SetAsideContract(ContractSuite):
    """What was given up is out of the way, to be seen and to be tried again."""

    @pytest.fixture(autouse=True)
    def _enrolled(self, store: Store) -> None:
        for subscriber in (SUBSCRIBER, "another", "a third"):
            store.outbox.subscribe(subscriber, ["*"])

    def test_later_events_do_not_wait_for_one_that_is_set_aside(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        (first,) = claim(store, limit=1)
        store.outbox.dead_letter(first, error="no")
        assert sequences(claim(store)) == [2, 3]

    def test_what_is_set_aside_in_the_middle_is_passed_over(self, store: Store, people: People) -> None:
        user_with_events(store, people, 4)
        first, second, *rest = claim(store)
        store.outbox.dead_letter(second, error="no")
        store.outbox.release([first, *rest])
        assert sequences(claim(store)) == [1, 3, 4]

    def test_what_is_set_aside_is_not_claimed_however_late(self, store: Store, people: People) -> None:
        user = user_with_events(store, people, 1)
        give_up(store, SUBSCRIBER)
        assert list(claim(store, now=NOW + timedelta(days=365))) == []
        disable(store, user.id, people.now())
        assert sequences(claim(store)) == [2]

    def test_it_is_set_aside_for_one_subscriber_only(self, store: Store, people: People) -> None:
        user_with_events(store, people, 2)
        give_up(store, SUBSCRIBER)
        assert sequences(claim(store, "another")) == [1, 2]

    def test_it_is_shown_with_its_failures_and_the_last_error(self, store: Store, people: People) -> None:
        user = user_with_events(store, people, 1)
        store.outbox.retry_later(claim(store)[0], until=NOW, error="the first time")
        told = "OSError: \u274c 'no' %s " + "x" * 480
        store.outbox.dead_letter(claim(store)[0], error=told)
        (shown,) = store.dead_letters.page(limit=10, after=None)
        assert (shown.subscriber, shown.attempts, shown.error) == (SUBSCRIBER, 2, told)
        assert shown.entry == journal_of(store, user)[0]

    def test_the_page_goes_by_event_and_subscriber(self, store: Store, people: People) -> None:
        for _ in range(3):
            user_with_events(store, people, 2)
        given_up = give_up(store, "another", SUBSCRIBER, "a third")
        events = sorted({delivery.entry.id for delivery in given_up})
        expected = list(product(events, sorted(["another", SUBSCRIBER, "a third"])))
        shown = store.dead_letters.page(limit=100, after=None)
        assert [(each.entry.id, each.subscriber) for each in shown] == expected
        assert [(each.entry.id, each.subscriber) for each in store.dead_letters.page(limit=7, after=None)] == expected[
            :7
        ]
        after = store.dead_letters.page(limit=100, after=events[1])
        assert [(each.entry.id, each.subscriber) for each in after] == expected[6:]
        assert list(store.dead_letters.page(limit=100, after=events[-1])) == []

    def test_the_page_of_one_subscriber_goes_by_event(self, store: Store, people: People) -> None:
        for _ in range(3):
            user_with_events(store, people, 2)
        events = sorted(delivery.entry.id for delivery in give_up(store, SUBSCRIBER, "another")[:6])
        found: list[UUID] = []
        while page := store.dead_letters.page(limit=1, after=found[-1] if found else None, subscriber="another"):
            assert [each.subscriber for each in page] == ["another"]
            assert page[0].entry.id not in found
            found += [each.entry.id for each in page]
        assert found == events
        assert list(store.dead_letters.page(limit=9, after=None, subscriber="nobody")) == []

    def test_only_what_is_set_aside_is_shown(self, store: Store, people: People) -> None:
        user_with_events(store, people, 4)
        first, second, third, _ = claim(store)
        store.outbox.acknowledge([first])
        store.outbox.retry_later(second, until=NOW, error="no")
        store.outbox.dead_letter(third, error="no")
        assert sequences(store.dead_letters.page(limit=10, after=None)) == [3]

    def test_a_retry_of_all_owes_all_again_with_no_failure_counted(self, store: Store, people: People) -> None:
        user_with_events(store, people, 2)
        give_up(store, SUBSCRIBER, "another")
        assert store.dead_letters.retry() == 4
        assert list(store.dead_letters.page(limit=10, after=None)) == []
        for subscriber in (SUBSCRIBER, "another"):
            assert [(each.entry.sequence, each.attempts) for each in claim(store, subscriber)] == [(1, 0), (2, 0)]
        assert store.dead_letters.retry() == 0

    def test_a_retry_may_be_for_one_event_one_subscriber_or_both(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        given_up = give_up(store, SUBSCRIBER, "another", "a third")
        events = [delivery.entry.id for delivery in given_up[:3]]
        assert store.dead_letters.retry(event_id=people.new_id()) == 0
        assert store.dead_letters.retry(event_id=events[0], subscriber="another") == 1
        assert store.dead_letters.retry(event_id=events[1]) == 3
        assert store.dead_letters.retry(subscriber="a third") == 2
        assert store.dead_letters.retry(subscriber="nobody") == 0
        pending = {name: sequences(claim(store, name)) for name in (SUBSCRIBER, "another", "a third")}
        assert pending == {SUBSCRIBER: [2], "another": [1, 2], "a third": [1, 2, 3]}

    def test_a_retry_does_not_touch_what_is_not_set_aside(self, store: Store, people: People) -> None:
        user_with_events(store, people, 2)
        first, second = claim(store)
        store.outbox.retry_later(first, until=NOW + timedelta(hours=1), error="no")
        assert store.dead_letters.retry(event_id=first.entry.id) == 0
        assert store.dead_letters.retry(event_id=second.entry.id, subscriber=SUBSCRIBER) == 0
        assert store.dead_letters.retry() == 0
        assert list(claim(store)) == []

    def test_a_retry_leaves_claims_and_counted_failures_to_what_is_not_set_aside(
        self, store: Store, people: People
    ) -> None:
        user_with_events(store, people, 1)
        store.outbox.retry_later(claim(store)[0], until=NOW, error="no")
        held = claim(store)
        assert store.dead_letters.retry() == 0
        assert list(claim(store)) == [], "a claim was given back"
        store.outbox.release(held)
        assert [delivery.attempts for delivery in claim(store)] == [1]

    def test_after_a_retry_later_events_wait_again(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        (first,) = claim(store, limit=1)
        store.outbox.dead_letter(first, error="no")
        store.dead_letters.retry()
        (again,) = claim(store, limit=1)
        assert again.entry == first.entry
        assert list(claim(store)) == []
        store.outbox.acknowledge([again])
        assert sequences(claim(store)) == [2, 3]

    def test_what_fails_again_after_a_retry_is_set_aside_again(self, store: Store, people: People) -> None:
        user_with_events(store, people, 1)
        give_up(store, SUBSCRIBER)
        store.dead_letters.retry()
        give_up(store, SUBSCRIBER)
        assert [each.attempts for each in store.dead_letters.page(limit=10, after=None)] == [1]

    def test_an_old_claim_cannot_end_a_retried_delivery(self, store: Store, people: People) -> None:
        user_with_events(store, people, 1)
        (old,) = give_up(store, SUBSCRIBER)
        store.dead_letters.retry()
        store.outbox.dead_letter(old, error="again")
        assert sequences(claim(store)) == [1]
