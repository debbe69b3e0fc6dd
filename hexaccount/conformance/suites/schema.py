import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.transactions import save, user_of
from hexaccount.store_kit.store import SchemaMismatch, Store


class SchemaContract(ContractSuite):
    """A store reports a missing migration, and can be migrated again; `under_test` is not migrated."""

    def test_a_store_that_was_not_migrated_fails_its_check(self, unmigrated: Store) -> None:
        with pytest.raises(SchemaMismatch):
            unmigrated.check()
        unmigrated.migrate()
        unmigrated.check()
        assert not unmigrated.is_behind()

    def test_migrating_again_keeps_everything(self, store: Store, other_store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user)
        assert store.migrate() == other_store.migrate() == store.migrate()
        other_store.check()
        assert user_of(other_store, user.id).name == user.name

    def test_racing_migrations_leave_one_schema(
        self, unmigrated: Store, under_test: StoreUnderTest, factory: Factory
    ) -> None:
        handles = [unmigrated, under_test.open(), under_test.open()]
        assert len(set(race(*(handle.migrate for handle in handles)))) == 1
        for handle in handles:
            handle.check()
        save(unmigrated, factory.user())

    @pytest.fixture
    def unmigrated(self, under_test: StoreUnderTest) -> Store:
        """Return a store that is not migrated."""
        return under_test.open()
