from collections.abc import Iterator
from functools import partial

import pytest

from tests.contracts.sql_stores import open_sql_store
from tests.contracts.suites import (
    DurabilityContract,
    ProcessesContract,
    SchemaContract,
    StoreContract,
    StoreUnderTest,
    WatchContract,
)
from tests.servers.postgres import temporary_database


class TestPostgresqlStore(StoreContract, also=[DurabilityContract, ProcessesContract, SchemaContract, WatchContract]):
    @pytest.fixture
    def under_test(self, postgres_server: str) -> Iterator[StoreUnderTest]:
        with temporary_database(postgres_server) as url:
            yield StoreUnderTest(partial(open_sql_store, url))
