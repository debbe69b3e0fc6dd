from collections import Counter
from functools import partial

import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import SUBSCRIBER, claim, user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import RacingThreads
from hexaccount.conformance.suites.transactions import disable, enable
from hexaccount.store_kit.store import Store

LONG = 40
LIMIT = 4


class FairClaimsContract(ContractSuite):
    """No backlog starves another: what is due is claimed at the latest after what was committed before it."""

    @pytest.fixture(autouse=True)
    def _subscribe(self, store: Store) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])

    def test_an_aggregate_that_keeps_getting_events_does_not_starve_others(
        self, store: Store, factory: Factory
    ) -> None:
        busy = user_with_events(store, factory, 2 * LIMIT)
        waiting = user_with_events(store, factory, 1)
        for _ in range(3):  # two claims take what was committed before, the third must not take later events only
            claimed = claim(store, limit=LIMIT)
            if waiting.id in {delivery.entry.aggregate_id for delivery in claimed}:
                return
            store.outbox.acknowledge(claimed)
            for change in (disable, enable) * 3:
                change(store, busy.id, factory.now())
        pytest.fail("the event of one aggregate waits for ever while another aggregate gets new ones")

    def test_a_backlog_that_one_consumer_works_on_leaves_the_rest_to_others(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, LONG)
        others = {user_with_events(store, factory, 1).id for _ in range(2)}
        claim(store, limit=LIMIT)
        left = claim(other_store, limit=LIMIT)
        assert others <= {delivery.entry.aggregate_id for delivery in left}, (
            "others wait for the lease of one aggregate"
        )

    def test_the_backlog_of_one_subscriber_does_not_hold_up_another(self, store: Store, factory: Factory) -> None:
        for _ in range(3):
            user_with_events(store, factory, LONG)
        store.outbox.subscribe("another", ["*"])
        user = user_with_events(store, factory, 1)
        assert [delivery.entry.aggregate_id for delivery in claim(store, "another", limit=LIMIT)] == [user.id]

    def test_consumers_share_a_backlog_of_many_aggregates(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        """A claim leases no more than it returns, so that others find the rest."""
        for _ in range(3 * LIMIT):
            user_with_events(store, factory, 1)
        claims = [claim(handle, limit=LIMIT) for handle in (store, other_store, store)]
        assert [len(claimed) for claimed in claims] == [LIMIT] * 3
        assert len({delivery.entry.id for claimed in claims for delivery in claimed}) == 3 * LIMIT

    def test_racing_consumers_leave_nothing_that_is_due(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        users = [user_with_events(store, factory, 1).id for _ in range(24)]
        held: Counter[object] = Counter()
        with RacingThreads(8) as threads:
            for _ in range(4):
                claims = threads.race(partial(claim, handle, limit=3) for handle in (store, other_store) * 4)
                held.update(delivery.entry.aggregate_id for claimed in claims for delivery in claimed)
        held.update(delivery.entry.aggregate_id for delivery in claim(store))
        assert held == Counter(users), "a delivery was claimed twice, or is due and cannot be claimed"
