from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.store_kit.store import Store

PATIENCE = 20.0


class WatchContract(ContractSuite):
    """A handle that watches hears of the commits of other handles; for stores that can tell."""

    def test_who_watches_hears_of_commits_elsewhere(self, store: Store, another: Store, people: People) -> None:
        another.watch()
        for user in (people.user(), people.user()):
            seen = another.commits.count
            save(store, user)
            another.commits.wait(seen, PATIENCE)
            assert another.commits.count > seen

    def test_watching_twice_is_harmless(self, store: Store, another: Store, people: People) -> None:
        another.watch()
        another.watch()
        seen = another.commits.count
        save(store, people.user())
        another.commits.wait(seen, PATIENCE)
        assert another.commits.count > seen
