from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.store_kit.completeness import missing_parts
from hexaccount.store_kit.store import Store


class StorePortContract(ContractSuite):
    """A store has every method of the port `Store` and of the ports that it returns, with all of their arguments."""

    def test_the_store_is_complete(self, store: Store) -> None:
        assert missing_parts(store) == []
