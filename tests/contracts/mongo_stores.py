from typing import Any

from pymongo import MongoClient

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_mongo import MongoStore
from hexaccount_system import Uuid7Identifiers


def open_mongo_store(url: str, recorder: EventRecorder, records: RecordSchema) -> Store:
    """Open a store; a module-level function, so that other processes can call it."""
    return MongoStore(url, recorder=recorder, records=records)


def migrate_once(url: str) -> None:
    """Create the schema, which stays for all tests with the database."""
    store = open_mongo_store(url, EventRecorder(Uuid7Identifiers(), "urn:hexaccount:contract"), record_schema())
    store.migrate()
    store.close()


def empty_collections(url: str) -> None:
    """Delete every document but the schema's version, which is faster than a new database."""
    with MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        for name in database.list_collection_names():
            if name != "schema":
                database[name].delete_many({})
