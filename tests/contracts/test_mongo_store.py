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
from tests.contracts.mongo_stores import empty_collections, open_mongo_store
from tests.servers.mongo import temporary_mongo_database


@pytest.fixture(scope="module")
def database(mongo_server: str) -> Iterator[str]:
    with temporary_mongo_database(mongo_server) as url:
        yield url


class TestMongoStore(StoreContract, also=[DurabilityContract, ProcessesContract]):
    @pytest.fixture
    def under_test(self, database: str) -> StoreUnderTest:
        empty_collections(database)
        return StoreUnderTest(partial(open_mongo_store, database), rounds=4, commands=150)


class TestMongoSchema(SchemaContract):
    @pytest.fixture
    def under_test(self, mongo_server: str) -> Iterator[StoreUnderTest]:
        with temporary_mongo_database(mongo_server) as url:
            yield StoreUnderTest(partial(open_mongo_store, url))
