from typing import Any

from pymongo import MongoClient

from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_mongo import MongoStore


def open_mongo_store(url: str, recorder: EventRecorder, records: RecordSchema) -> Store:
    """Open a store; a module-level function, so that other processes can call it."""
    return MongoStore(url, recorder=recorder, records=records)


def empty_collections(url: str) -> None:
    """Delete every document but the schema's version, which is faster than a new database."""
    with MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        for name in database.list_collection_names():
            if name != "schema":
                database[name].delete_many({})
