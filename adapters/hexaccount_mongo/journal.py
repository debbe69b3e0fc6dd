"""The documents of `journal`, and the deliveries that each new one causes."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.client_session import ClientSession

from hexaccount.events.journal_entry import JournalEntry
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.deliveries import delivery_document

_FIELDS = [name for name in JournalEntry._fields if name != "id"]


def entry_from(document: Mapping[str, Any]) -> JournalEntry:
    """Return the entry of a document."""
    values: dict[str, Any] = {name: document.get(name) for name in _FIELDS}
    return JournalEntry(id=document["_id"], **values)


def document_of(entry: JournalEntry) -> Document:
    """Return the document of an entry, without what is null."""
    values = ((name, getattr(entry, name)) for name in _FIELDS)
    return {"_id": entry.id, **{name: value for name, value in values if value is not None}}


def append(database: Documents, session: ClientSession, entries: Sequence[JournalEntry]) -> bool:
    """Write entries, and a delivery of each to every subscriber of its type; tell whether there are deliveries."""
    if not entries:
        return False
    database["journal"].insert_many([document_of(entry) for entry in entries], session=session)
    wanted = sorted({entry.type for entry in entries} | {"*"})
    found = database["subscriptions"].find({"types": {"$in": wanted}}, session=session)
    subscribed: Mapping[str, Any] = {document["_id"]: document["types"] for document in found}
    deliveries = [
        delivery_document(subscriber, entry)
        for entry in entries
        for subscriber, types in subscribed.items()
        if entry.type in types or "*" in types
    ]
    if deliveries:
        database["deliveries"].insert_many(deliveries, session=session)
    return bool(deliveries)
