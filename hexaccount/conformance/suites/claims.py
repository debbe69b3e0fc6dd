from datetime import timedelta

import pytest

from hexaccount.conformance.suites.owing import A_MOMENT, LEASE, NOW, SUBSCRIBER, claim, sequences, user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import disable, save
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.store_kit.store import Store


class ClaimsContract(ContractSuite):
    """A claim holds for its lease, and takes the events of one aggregate in order or not at all."""

    @pytest.fixture(autouse=True)
    def _enrolled(self, store: Store) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])

    def test_the_events_of_an_aggregate_are_claimed_together_in_order(self, store: Store, people: People) -> None:
        users = [user_with_events(store, people, 5) for _ in range(4)]
        pending = claim(store)
        assert len(pending) == 20
        for user in users:
            assert sequences(pending, user.id) == [1, 2, 3, 4, 5]

    def test_events_of_later_commits_follow_in_order(self, store: Store, another: Store, people: People) -> None:
        users = [people.user() for _ in range(3)]
        save(store, *users)
        for number in range(9):
            for user in users:
                with (store, another)[number % 2].unit_of_work() as uow:
                    found = uow.users.get(user.id)
                    (found.disable, found.enable)[number % 2](people.now())
                    uow.commit()
        pending = claim(store)
        for user in users:
            assert sequences(pending, user.id) == list(range(1, 11))

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 10, 11])
    def test_a_limit_takes_no_event_before_an_earlier_one(self, store: Store, people: People, limit: int) -> None:
        users = [user_with_events(store, people, count) for count in (1, 4, 2, 3)]
        taken: dict[object, list[int]] = {user.id: [] for user in users}
        while claimed := claim(store, limit=limit):
            assert len(claimed) <= limit
            for delivery in claimed:
                assert delivery.entry.sequence not in taken[delivery.entry.aggregate_id]
                taken[delivery.entry.aggregate_id].append(delivery.entry.sequence)
            store.outbox.acknowledge(claimed)
        assert taken == {user.id: list(range(1, count + 1)) for user, count in zip(users, (1, 4, 2, 3), strict=True)}

    def test_a_claim_is_as_large_as_its_limit_where_enough_is_due(self, store: Store, people: People) -> None:
        for _ in range(3):
            user_with_events(store, people, 4)
        assert [len(claim(store, limit=limit)) for limit in (1, 3)] == [1, 3]

    def test_nothing_is_claimed_twice_during_a_lease(self, store: Store, another: Store, people: People) -> None:
        user_with_events(store, people, 3)
        assert sequences(claim(store)) == [1, 2, 3]
        for handle in (store, another):
            assert list(claim(handle)) == []
            assert list(claim(handle, now=NOW + LEASE - A_MOMENT)) == []

    def test_later_events_wait_while_an_earlier_one_is_leased(self, store: Store, people: People) -> None:
        user = user_with_events(store, people, 3)
        first = claim(store, limit=1)
        assert sequences(first, user.id) == [1]
        other = user_with_events(store, people, 1)
        assert [delivery.entry.aggregate_id for delivery in claim(store)] == [other.id]
        store.outbox.acknowledge(first)
        assert sequences(claim(store)) == [2, 3]

    def test_an_event_that_is_committed_during_the_lease_of_an_earlier_one_waits(
        self, store: Store, people: People
    ) -> None:
        user = user_with_events(store, people, 1)
        first = claim(store)
        disable(store, user.id, people.now())
        assert list(claim(store)) == []
        store.outbox.acknowledge(first)
        assert sequences(claim(store)) == [2]

    def test_later_events_wait_while_an_earlier_one_is_postponed(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        (first,) = claim(store, limit=1)
        until = NOW + timedelta(seconds=10)
        store.outbox.retry_later(first, until=until, error="not now")
        assert list(claim(store)) == []
        assert list(claim(store, now=until - A_MOMENT)) == []
        assert sequences(claim(store, now=until)) == [1, 2, 3]

    def test_of_a_batch_the_rest_waits_for_the_one_that_is_postponed(self, store: Store, people: People) -> None:
        user_with_events(store, people, 4)
        first, second, *rest = claim(store)
        store.outbox.acknowledge([first])
        store.outbox.retry_later(second, until=NOW + timedelta(seconds=10), error="not now")
        store.outbox.release(rest)
        assert list(claim(store)) == []
        assert sequences(claim(store, now=NOW + timedelta(seconds=10))) == [2, 3, 4]

    def test_a_hole_is_not_jumped_while_the_earlier_event_is_held(self, store: Store, people: People) -> None:
        user_with_events(store, people, 4)
        _, second, third, _ = claim(store)
        store.outbox.acknowledge([second])
        store.outbox.release([third])
        assert list(claim(store)) == []

    def test_aggregates_and_subscribers_do_not_wait_for_each_other(self, store: Store, people: People) -> None:
        store.outbox.subscribe("another", ["*"])
        user = user_with_events(store, people, 2)
        save(store, people.profile(user.id))
        held = claim(store, limit=1)
        assert len(held) == 1
        assert len(claim(store, "another")) == 3
        assert {delivery.entry.aggregate for delivery in claim(store)} == {"user", "profile"} - {
            held[0].entry.aggregate
        }

    def test_an_expired_lease_lets_others_claim(self, store: Store, another: Store, people: People) -> None:
        user_with_events(store, people, 3)
        lost = claim(store)
        taken = claim(another, now=NOW + LEASE + A_MOMENT)
        assert sequences(taken) == [1, 2, 3]
        assert {delivery.attempts for delivery in taken} == {0}
        assert not {delivery.lease for delivery in lost} & {delivery.lease for delivery in taken}
        assert list(claim(store, now=NOW + LEASE + A_MOMENT)) == []

    def test_a_lease_lasts_as_long_as_is_asked(self, store: Store, people: People) -> None:
        user_with_events(store, people, 1)
        assert claim(store, lease=timedelta(hours=2))
        assert list(claim(store, now=NOW + timedelta(minutes=119))) == []
        assert claim(store, now=NOW + timedelta(minutes=121))

    def test_two_claims_have_two_leases(self, store: Store, people: People) -> None:
        for _ in range(2):
            user_with_events(store, people, 1)
        (first,), (second,) = claim(store, limit=1), claim(store, limit=1)
        assert first.lease != second.lease

    def test_later_events_wait_for_an_earlier_one_whose_lease_is_not_theirs(self, store: Store, people: People) -> None:
        user_with_events(store, people, 3)
        (first,) = claim(store, limit=1, lease=timedelta(seconds=5))
        store.outbox.release([first])
        (first,) = claim(store, limit=1, lease=timedelta(hours=1))
        assert list(claim(store, now=NOW + timedelta(minutes=30))) == []
        assert sequences(claim(store, now=NOW + timedelta(minutes=61))) == [1, 2, 3]
