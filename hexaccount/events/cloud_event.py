"""The form in which an event leaves the service by any transport: CloudEvents 1.0.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from typing import Any

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.clock import format_time

CONTENT_TYPE = "application/json"
"""The media type of an event's data."""


def attributes_of(entry: JournalEntry) -> dict[str, str]:
    """Return the context attributes, all of them text.

    Besides those of the specification, `aggregate` and `aggregateid` identify the journal of the event. `sequence` (of
    the extension of that name) is its position there, from 1. `causationid` is the id of the event or the request that
    caused it. `traceparent` (of the extension for distributed tracing) is its trace.
    """
    subject = str(entry.subject)
    attributes = {
        "specversion": "1.0",
        "id": str(entry.id),
        "type": entry.type,
        "source": entry.source,
        "subject": subject,
        "time": format_time(entry.time),
        "datacontenttype": CONTENT_TYPE,
        "dataschema": entry.dataschema,
        "aggregate": entry.aggregate,
        # For an account and its profile both ids are equal, and formatting one takes time.
        "aggregateid": subject if entry.aggregate_id == entry.subject else str(entry.aggregate_id),
        "sequence": str(entry.sequence),
    }
    if entry.causation_id is not None:
        attributes["causationid"] = entry.causation_id
    if entry.traceparent is not None:
        attributes["traceparent"] = entry.traceparent
    return attributes


def structured(entry: JournalEntry) -> dict[str, Any]:
    """Return attributes and data in one object, the JSON event format."""
    return {**attributes_of(entry), "data": dict(entry.data)}
