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
from tests.contracts.mongo_stores import (
    empty_collections,
    migrated_database,
    open_mongo_store,
    open_shared_mongo_store,
)
from tests.plans.mongodb import sent_commands
from tests.plans.sharding import Command, broken_rules
from tests.servers.mongo import temporary_mongo_database


@pytest.fixture(scope="module")
def sent() -> Iterator[list[Command]]:
    """Give the commands that all handles on the database have sent."""
    with sent_commands() as sent:
        yield sent


@pytest.fixture(scope="module")
def database(mongo_server: str, sent: list[Command]) -> Iterator[str]:
    with migrated_database(mongo_server) as url:
        yield url


class TestMongoStore(StoreContract, also=[DurabilityContract, ProcessesContract]):
    @pytest.fixture
    def under_test(self, database: str, sent: list[Command]) -> Iterator[StoreUnderTest]:
        """Give a store, and fail if it sends what a sharded cluster does not accept."""
        empty_collections(database)
        sent.clear()
        yield StoreUnderTest(partial(open_shared_mongo_store, database), rounds=2, commands=75, migrated=True)
        assert broken_rules(sent) == []


class TestMongoSchema(SchemaContract):
    @pytest.fixture
    def under_test(self, mongo_server: str) -> Iterator[StoreUnderTest]:
        with temporary_mongo_database(mongo_server) as url:
            yield StoreUnderTest(partial(open_mongo_store, url))
