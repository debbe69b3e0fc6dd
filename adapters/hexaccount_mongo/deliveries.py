"""The documents of `deliveries`."""

from datetime import UTC, datetime

from hexaccount.events.journal_entry import JournalEntry
from hexaccount_mongo.connections import Document

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""`available_at` of a delivery that is neither leased nor backing off."""

FREE: Document = {"lease": None, "available_at": AT_ONCE}
"""The values of a delivery that is neither."""

REVIVE: Document = {"$set": {"dead_letter": False, "attempts": 0, "available_at": AT_ONCE, "error": ""}}
"""The update that makes a dead letter a pending delivery."""


def delivery_document(subscriber: str, entry: JournalEntry) -> Document:
    """Return the document of a new delivery."""
    return {
        "subscriber": subscriber,
        "event_id": entry.id,
        "aggregate": entry.aggregate,
        "aggregate_id": entry.aggregate_id,
        "sequence": entry.sequence,
        "attempts": 0,
        "available_at": AT_ONCE,
        "lease": None,
        "dead_letter": False,
        "error": "",
    }
