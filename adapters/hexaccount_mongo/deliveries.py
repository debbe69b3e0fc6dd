"""What is owed to a subscriber, as a document of `deliveries`."""

from datetime import UTC, datetime

from hexaccount.events.journal_entry import JournalEntry
from hexaccount_mongo.connections import Document

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""From when on a delivery may be claimed that nobody has claimed or postponed."""

OWED_AGAIN: Document = {"$set": {"set_aside": False, "attempts": 0, "free_at": AT_ONCE, "error": ""}}
"""The update that owes a delivery again that was given up."""


def delivery_document(subscriber: str, entry: JournalEntry) -> Document:
    """Return the document of an event that is owed and that nobody has tried to deliver."""
    return {
        "subscriber": subscriber,
        "event_id": entry.id,
        "aggregate": entry.aggregate,
        "aggregate_id": entry.aggregate_id,
        "sequence": entry.sequence,
        "attempts": 0,
        "free_at": AT_ONCE,
        "lease": None,
        "set_aside": False,
        "error": "",
    }
