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
from tests.contracts.mongo_stores import empty_collections, migrate_once, open_mongo_store
from tests.plans.mongodb import sent_commands
from tests.plans.sharding import broken_rules
from tests.servers.mongo import temporary_mongo_database


@pytest.fixture(scope="module")
def database(mongo_server: str) -> Iterator[str]:
    with temporary_mongo_database(mongo_server) as url:
        migrate_once(url)
        yield url


class TestMongoStore(StoreContract, also=[DurabilityContract, ProcessesContract]):
    @pytest.fixture
    def under_test(self, database: str) -> Iterator[StoreUnderTest]:
        """Give a store, and fail if it sends what a sharded cluster does not accept."""
        empty_collections(database)
        with sent_commands() as sent:
            yield StoreUnderTest(partial(open_mongo_store, database), rounds=4, commands=150, migrated=True)
        assert broken_rules(sent) == []


class TestMongoSchema(SchemaContract):
    @pytest.fixture
    def under_test(self, mongo_server: str) -> Iterator[StoreUnderTest]:
        with temporary_mongo_database(mongo_server) as url:
            yield StoreUnderTest(partial(open_mongo_store, url))
