from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pymongo.read_concern import ReadConcern

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.kit_records import KIT_RECORDS
from hexaccount.kernel.metrics import Metrics
from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_mongo import MongoStore
from hexaccount_mongo.connections import Documents, open_database
from hexaccount_system import Uuid7Identifiers
from tests.servers.mongo import temporary_mongo_database

_shared = cache(open_database)


def _open_shared(url: str, _metrics: Metrics) -> Documents:
    return _shared(url)


class SharedMongoStore(MongoStore):
    """Shares the client with the other handles on a database, which so connect once and not per test."""

    _open_database = staticmethod(_open_shared)

    def close(self) -> None:
        """Leave the client to the other handles."""


def open_mongo_store(url: str, recorder: EventRecorder, records: RecordSchema) -> Store:
    """Open a store; a module-level function, so that other processes can call it."""
    return MongoStore(url, recorder=recorder, records=records)


def open_shared_mongo_store(url: str, recorder: EventRecorder, records: RecordSchema) -> Store:
    """Open another handle on a `migrated_database`."""
    return SharedMongoStore(url, recorder=recorder, records=records)


@contextmanager
def migrated_database(server: str) -> Iterator[str]:
    """Yield the URL of a database with the schema and the records of the kit, for all tests with the database."""
    with temporary_mongo_database(server) as url:
        recorder = EventRecorder(Uuid7Identifiers(), "urn:hexaccount:tests")
        try:
            for records in (record_schema(), KIT_RECORDS):
                open_shared_mongo_store(url, recorder, records).migrate()
            yield url
        finally:
            _shared(url).close()


def empty_collections(url: str) -> None:
    """Delete every document of a `migrated_database` but the schema's version, which is faster than a new one."""
    database = _shared(url)
    with database.reached():
        first, *others = database.names() - {"schema"}
        # One request finds the few collections that have documents, also those that no majority has yet.
        steps = [*_named(first), *({"$unionWith": {"coll": name, "pipeline": _named(name)}} for name in others)]
        for found in database[first].with_options(read_concern=ReadConcern("local")).aggregate(steps):
            database[found["name"]].delete_many({})


def _named(collection: str) -> list[dict[str, Any]]:
    return [{"$limit": 1}, {"$project": {"_id": False, "name": {"$literal": collection}}}]
