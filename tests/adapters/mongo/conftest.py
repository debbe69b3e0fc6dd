from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_mongo import MongoStore
from hexaccount_system import Uuid7Identifiers
from tests.servers.mongo import temporary_mongo_database


def open_store(url: str) -> MongoStore:
    return MongoStore(url, records=record_schema(), recorder=EventRecorder(Uuid7Identifiers(), "urn:hexaccount:mongo"))


@pytest.fixture
def url(mongo_server: str) -> Iterator[str]:
    with temporary_mongo_database(mongo_server) as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[MongoStore]:
    """Give a migrated store."""
    store = open_store(f"{url}&timeoutMS=4000&heartbeatFrequencyMS=500")
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def database(url: str) -> Iterator[Database[dict[str, Any]]]:
    """Give the store's database on a client of its own."""
    with MongoClient[dict[str, Any]](url, uuidRepresentation="standard", tz_aware=True) as client:
        yield client.get_default_database()
