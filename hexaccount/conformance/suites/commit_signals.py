from collections.abc import Callable
from functools import partial

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.conformance.suites.owing import A_MOMENT, NOW
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import Racers
from hexaccount.conformance.suites.storing import disable, save, user_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.store_kit.store import Store

PATIENCE = 20.0


class CommitSignalContract(ContractSuite):
    """Whoever waits for events to deliver hears of every commit that has some."""

    def test_a_commit_of_events_is_told_of(self, store: Store, people: People) -> None:
        changes: list[Callable[[User], None]] = [
            partial(save, store),
            lambda user: disable(store, user.id, people.now()),
        ]
        user = people.user()
        for change in changes:
            seen = store.commits.count
            change(user)
            store.commits.wait(seen, PATIENCE)
            assert store.commits.count > seen

    def test_a_commit_is_told_of_when_its_events_can_be_claimed(self, store: Store, people: People) -> None:
        store.outbox.subscribe("listener", ["*"])
        seen = store.commits.count
        save(store, people.user())
        store.commits.wait(seen, PATIENCE)
        assert len(store.outbox.claim("listener", limit=9, now=people.now(), lease=A_MOMENT)) == 1

    def test_who_is_woken_by_a_commit_finds_its_events(self, store: Store, people: People) -> None:
        store.outbox.subscribe("listener", ["*"])
        with Racers(2) as racers:
            for _ in range(20):
                works: list[Callable[[], int | None]] = [
                    partial(self.claim_when_woken, store, store.commits.count),
                    partial(save, store, people.user()),
                ]
                claimed, _ = racers.race(works)
                assert claimed == 1

    def test_what_stores_no_event_is_not_told_of(self, store: Store, people: People) -> None:
        user = people.user("known")
        save(store, user)
        seen = store.commits.count
        user_of(store, user.id)
        with store.unit_of_work() as uow:
            uow.users.get(user.id)
            uow.commit()
        with store.unit_of_work() as uow:
            uow.users.add(people.user())
        with pytest.raises(UserNameTaken):
            save(store, people.user("known"))
        assert store.commits.count == seen

    @staticmethod
    def claim_when_woken(store: Store, seen: int) -> int:
        """Wait for a commit, and return how many events of it were there."""
        store.commits.wait(seen, PATIENCE)
        claimed = store.outbox.claim("listener", limit=9, now=NOW, lease=A_MOMENT)
        store.outbox.acknowledge(claimed)
        return len(claimed)
