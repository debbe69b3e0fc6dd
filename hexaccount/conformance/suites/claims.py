from datetime import timedelta

import pytest

from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import (
    LEASE,
    MILLISECOND,
    NOW,
    SUBSCRIBER,
    claim,
    sequences,
    user_with_events,
)
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import disable, save
from hexaccount.store_kit.store import Store


class ClaimsContract(ContractSuite):
    """A claim holds for its lease; the events of an aggregate are claimed in order."""

    @pytest.fixture(autouse=True)
    def _subscribe(self, store: Store) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])

    def test_the_events_of_an_aggregate_are_claimed_together_in_order(self, store: Store, factory: Factory) -> None:
        users = [user_with_events(store, factory, 5) for _ in range(4)]
        pending = claim(store)
        assert len(pending) == 20
        for user in users:
            assert sequences(pending, user.id) == [1, 2, 3, 4, 5]

    def test_events_of_later_commits_follow_in_order(self, store: Store, other_store: Store, factory: Factory) -> None:
        users = [factory.user() for _ in range(3)]
        save(store, *users)
        for number in range(9):
            for user in users:
                with (store, other_store)[number % 2].unit_of_work() as uow:
                    found = Users(uow).get(user.id)
                    (found.disable, found.enable)[number % 2](factory.now())
                    uow.commit()
        pending = claim(store)
        for user in users:
            assert sequences(pending, user.id) == list(range(1, 11))

    @pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 10, 11])
    def test_a_limited_claim_never_skips_an_earlier_event(self, store: Store, factory: Factory, limit: int) -> None:
        users = [user_with_events(store, factory, count) for count in (1, 4, 2, 3)]
        seen: dict[object, list[int]] = {user.id: [] for user in users}
        while claimed := claim(store, limit=limit):
            assert len(claimed) <= limit
            for delivery in claimed:
                assert delivery.entry.sequence not in seen[delivery.entry.aggregate_id]
                seen[delivery.entry.aggregate_id].append(delivery.entry.sequence)
            store.outbox.acknowledge(claimed)
        assert seen == {user.id: list(range(1, count + 1)) for user, count in zip(users, (1, 4, 2, 3), strict=True)}

    def test_a_claim_is_as_large_as_its_limit_if_enough_is_due(self, store: Store, factory: Factory) -> None:
        for _ in range(3):
            user_with_events(store, factory, 4)
        assert [len(claim(store, limit=limit)) for limit in (1, 3)] == [1, 3]

    def test_nothing_is_claimed_twice_during_a_lease(self, store: Store, other_store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        assert sequences(claim(store)) == [1, 2, 3]
        for handle in (store, other_store):
            assert list(claim(handle)) == []
            assert list(claim(handle, now=NOW + LEASE - MILLISECOND)) == []

    def test_later_events_wait_while_an_earlier_one_is_leased(self, store: Store, factory: Factory) -> None:
        user = user_with_events(store, factory, 3)
        first = claim(store, limit=1)
        assert sequences(first, user.id) == [1]
        other = user_with_events(store, factory, 1)
        assert [delivery.entry.aggregate_id for delivery in claim(store)] == [other.id]
        store.outbox.acknowledge(first)
        assert sequences(claim(store)) == [2, 3]

    def test_an_event_committed_during_the_lease_of_an_earlier_one_waits(self, store: Store, factory: Factory) -> None:
        user = user_with_events(store, factory, 1)
        first = claim(store)
        disable(store, user.id, factory.now())
        assert list(claim(store)) == []
        store.outbox.acknowledge(first)
        assert sequences(claim(store)) == [2]

    def test_later_events_wait_while_an_earlier_one_is_retried_later(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        (first,) = claim(store, limit=1)
        until = NOW + timedelta(seconds=10)
        store.outbox.retry_later(first, until=until, error="not now")
        assert list(claim(store)) == []
        assert list(claim(store, now=until - MILLISECOND)) == []
        assert sequences(claim(store, now=until)) == [1, 2, 3]

    def test_the_rest_of_a_batch_waits_for_an_event_that_is_retried_later(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 4)
        first, second, *rest = claim(store)
        store.outbox.acknowledge([first])
        store.outbox.retry_later(second, until=NOW + timedelta(seconds=10), error="not now")
        store.outbox.release(rest)
        assert list(claim(store)) == []
        assert sequences(claim(store, now=NOW + timedelta(seconds=10))) == [2, 3, 4]

    def test_a_gap_is_not_skipped_while_an_earlier_event_is_leased(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 4)
        _, second, third, _ = claim(store)
        store.outbox.acknowledge([second])
        store.outbox.release([third])
        assert list(claim(store)) == []

    def test_aggregates_and_subscribers_do_not_wait_for_each_other(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe("another", ["*"])
        user = user_with_events(store, factory, 2)
        save(store, factory.profile(user.id))
        held = claim(store, limit=1)
        assert len(held) == 1
        assert len(claim(store, "another")) == 3
        assert {delivery.entry.aggregate for delivery in claim(store)} == {"user", "profile"} - {
            held[0].entry.aggregate
        }

    def test_deliveries_can_be_claimed_again_after_the_lease(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, 3)
        expired = claim(store)
        later = claim(other_store, now=NOW + LEASE)
        assert sequences(later) == [1, 2, 3], "a lease that has ended still holds"
        assert {delivery.attempts for delivery in later} == {0}
        assert not {delivery.lease for delivery in expired} & {delivery.lease for delivery in later}
        assert list(claim(store, now=NOW + LEASE)) == []

    def test_a_lease_lasts_as_long_as_requested(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 1)
        assert claim(store, lease=timedelta(hours=2))
        assert list(claim(store, now=NOW + timedelta(minutes=119))) == []
        assert claim(store, now=NOW + timedelta(minutes=121))

    def test_an_end_that_a_wrong_clock_has_stored_holds_up_nothing(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        """Neither the lease of a process that was killed then, nor the pause after a failure then."""
        fast = NOW + timedelta(days=1)
        leased, paused = user_with_events(store, factory, 2), user_with_events(store, factory, 2)
        for delivery in claim(store, now=fast):
            if delivery.entry.aggregate_id == paused.id:
                store.outbox.retry_later(delivery, until=fast + timedelta(minutes=5), error="it was unreachable")
        assert list(claim(other_store)) == []
        latest = NOW + timedelta(minutes=7)
        found = claim(other_store, latest=latest)
        assert sequences(found, leased.id) == sequences(found, paused.id) == [1, 2]
        # Ends up to the latest moment hold.
        assert list(claim(store, latest=NOW + LEASE)) == []
        assert len(claim(store, latest=NOW + LEASE - MILLISECOND)) == 4

    def test_two_claims_have_two_leases(self, store: Store, factory: Factory) -> None:
        for _ in range(2):
            user_with_events(store, factory, 1)
        (first,), (second,) = claim(store, limit=1), claim(store, limit=1)
        assert first.lease != second.lease

    def test_later_events_wait_for_an_earlier_one_with_a_longer_lease(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        (first,) = claim(store, limit=1, lease=timedelta(seconds=5))
        store.outbox.release([first])
        (first,) = claim(store, limit=1, lease=timedelta(hours=1))
        assert list(claim(store, now=NOW + timedelta(minutes=30))) == []
        assert sequences(claim(store, now=NOW + timedelta(minutes=61))) == [1, 2, 3]
