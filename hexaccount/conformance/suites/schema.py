import pytest

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.storing import save, user_of
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.store_kit.store import SchemaMismatch, Store


class SchemaContract(ContractSuite):
    """A store that is migrated says so when it was not, and may be migrated again; `under_test` is not migrated."""

    def test_a_store_that_was_not_migrated_cannot_serve(self, blank: Store) -> None:
        with pytest.raises(SchemaMismatch):
            blank.check()
        blank.migrate()
        blank.check()
        assert not blank.is_behind()

    def test_migrating_again_keeps_everything(self, store: Store, another: Store, people: People) -> None:
        user = people.user()
        save(store, user)
        assert store.migrate() == another.migrate() == store.migrate()
        another.check()
        assert user_of(another, user.id).name == user.name

    def test_racing_migrations_leave_one_schema(self, blank: Store, under_test: StoreUnderTest, people: People) -> None:
        handles = [blank, under_test.open(), under_test.open()]
        assert len(set(race(*(handle.migrate for handle in handles)))) == 1
        for handle in handles:
            handle.check()
        save(blank, people.user())

    @pytest.fixture
    def blank(self, under_test: StoreUnderTest) -> Store:
        """Return a store that was never migrated."""
        return under_test.open()
