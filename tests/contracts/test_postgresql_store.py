from collections.abc import Iterator
from functools import partial

import pytest

from hexaccount.conformance import (
    DurabilityContract,
    ProcessesContract,
    SchemaContract,
    StoreContract,
    StoreUnderTest,
)
from hexaccount_sql.migration import migrate
from tests.contracts.sql_stores import empty_database, open_sql_store
from tests.servers.postgres import temporary_database


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[str]:
    with temporary_database(postgres_server) as url:
        migrate(url)
        yield url


class TestPostgresqlStore(StoreContract, also=[DurabilityContract, ProcessesContract]):
    @pytest.fixture
    def under_test(self, database: str) -> StoreUnderTest:
        empty_database(database)
        return StoreUnderTest(partial(open_sql_store, database), rounds=5, commands=150, migrated=True)


class TestPostgresqlSchema(SchemaContract):
    @pytest.fixture
    def under_test(self, postgres_server: str) -> Iterator[StoreUnderTest]:
        with temporary_database(postgres_server) as url:
            yield StoreUnderTest(partial(open_sql_store, url))
