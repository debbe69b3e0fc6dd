from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.store_kit.store import Store

TIMEOUT_SECONDS = 20.0


class WatchContract(ContractSuite):
    """A watching handle signals the commits of other handles; for stores that can notify."""

    def test_watching_signals_the_commits_of_other_handles(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        other_store.watch()
        for user in (factory.user(), factory.user()):
            seen = other_store.commits.count
            save(store, user)
            other_store.commits.wait(seen, TIMEOUT_SECONDS)
            assert other_store.commits.count > seen

    def test_watching_twice_is_harmless(self, store: Store, other_store: Store, factory: Factory) -> None:
        other_store.watch()
        other_store.watch()
        seen = other_store.commits.count
        save(store, factory.user())
        other_store.commits.wait(seen, TIMEOUT_SECONDS)
        assert other_store.commits.count > seen
