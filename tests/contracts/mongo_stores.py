from typing import Any

from pymongo import MongoClient

from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_mongo import MongoStore


def open_mongo_store(url: str, recorder: EventRecorder) -> Store:
    """Return a handle; of a module, so that other processes can be told to call it."""
    return MongoStore(url, recorder=recorder)


def empty_collections(url: str) -> None:
    """Remove every document but the note of the schema's version, much faster than a fresh database is made."""
    with MongoClient[dict[str, Any]](url) as client:
        database = client.get_default_database()
        for name in database.list_collection_names():
            if name != "schema":
                database[name].delete_many({})
