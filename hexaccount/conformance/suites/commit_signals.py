from collections.abc import Callable
from functools import partial

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import MILLISECOND, NOW
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import RacingThreads
from hexaccount.conformance.suites.transactions import disable, save, user_of
from hexaccount.store_kit.store import Store

TIMEOUT_SECONDS = 20.0


class CommitSignalContract(ContractSuite):
    """A commit with events wakes the threads that wait for it."""

    def test_a_commit_of_events_is_signalled(self, store: Store, factory: Factory) -> None:
        changes: list[Callable[[User], None]] = [
            partial(save, store),
            lambda user: disable(store, user.id, factory.now()),
        ]
        user = factory.user()
        for change in changes:
            seen = store.commits.count
            change(user)
            store.commits.wait(seen, TIMEOUT_SECONDS)
            assert store.commits.count > seen

    def test_a_commit_is_signalled_when_its_events_can_be_claimed(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe("listener", ["*"])
        seen = store.commits.count
        save(store, factory.user())
        store.commits.wait(seen, TIMEOUT_SECONDS)
        assert len(store.outbox.claim("listener", limit=9, now=factory.now(), lease=MILLISECOND).deliveries) == 1

    def test_a_thread_woken_by_a_commit_finds_its_events(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe("listener", ["*"])
        with RacingThreads(2) as threads:
            for _ in range(20):
                calls: list[Callable[[], int | None]] = [
                    partial(self.claim_when_woken, store, store.commits.count),
                    partial(save, store, factory.user()),
                ]
                claimed, _ = threads.race(calls)
                assert claimed == 1

    def test_a_commit_without_events_is_not_signalled(self, store: Store, factory: Factory) -> None:
        user = factory.user("known")
        save(store, user)
        seen = store.commits.count
        user_of(store, user.id)
        with store.unit_of_work() as uow:
            Users(uow).get(user.id)
            uow.commit()
        with store.unit_of_work() as uow:
            Users(uow).add(factory.user())
        with pytest.raises(UserNameTaken):
            save(store, factory.user("known"))
        assert store.commits.count == seen

    @staticmethod
    def claim_when_woken(store: Store, seen: int) -> int:
        """Wait for a commit, and return the number of its events that could be claimed."""
        store.commits.wait(seen, TIMEOUT_SECONDS)
        claimed = store.outbox.claim("listener", limit=9, now=NOW, lease=MILLISECOND).deliveries
        store.outbox.acknowledge(claimed)
        return len(claimed)
