from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.store_kit.store import Store

TIMEOUT_SECONDS = 20.0


def check_signalled(store: Store, seen: int) -> None:
    """Check that a store that can watch has signalled a commit of others, made after `seen` signals."""
    store.commits.wait(seen, TIMEOUT_SECONDS)
    assert store.commits.count > seen, "`watch` has returned True, and a commit of another handle was not signalled"


class WatchContract(ContractSuite):
    """A store whose `watch` returns True signals the commits of other handles; one that returns False is polled."""

    def test_watching_signals_the_commits_of_other_handles_if_the_store_says_so(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        watches = other_store.watch()
        for user in (factory.user(), factory.user()):
            seen = other_store.commits.count
            save(store, user)
            if watches:
                check_signalled(other_store, seen)

    def test_watching_twice_is_harmless(self, store: Store, other_store: Store, factory: Factory) -> None:
        first, second = other_store.watch(), other_store.watch()
        assert (type(first), second) == (bool, first)
        seen = other_store.commits.count
        save(store, factory.user())
        if second:
            check_signalled(other_store, seen)
