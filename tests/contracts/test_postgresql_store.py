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
from tests.contracts.sql_stores import (
    empty_migrated_database,
    migrated_database,
    open_kept_sql_store,
    open_sql_store,
)
from tests.servers.postgres import temporary_database


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[str]:
    with migrated_database(postgres_server) as url:
        yield url


class TestPostgresqlStore(StoreContract, also=[DurabilityContract, ProcessesContract]):
    @pytest.fixture
    def under_test(self, database: str) -> StoreUnderTest:
        empty_migrated_database(database)
        return StoreUnderTest(partial(open_kept_sql_store, database), rounds=3, commands=75, migrated=True)


class TestPostgresqlSchema(SchemaContract):
    @pytest.fixture
    def under_test(self, postgres_server: str) -> Iterator[StoreUnderTest]:
        with temporary_database(postgres_server) as url:
            yield StoreUnderTest(partial(open_sql_store, url))
