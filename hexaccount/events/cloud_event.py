"""The form in which an event leaves the service, whatever carries it: CloudEvents 1.0.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from typing import Any

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.clock import format_time

CONTENT_TYPE = "application/json"
"""The media type of an event's data."""


def attributes_of(entry: JournalEntry) -> dict[str, str]:
    """Return the context attributes, all of them text.

    Besides those of the specification: `aggregate` and `aggregateid` name the journal that the event belongs to and
    `sequence` (of the extension of that name) is its place there, from 1; `causationid` is the id of the event or the
    request that led to it, and `traceparent` (of the extension for distributed tracing) its trace.
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
        # Of an account and its profile it is the same id, and to write one takes its time.
        "aggregateid": subject if entry.aggregate_id == entry.subject else str(entry.aggregate_id),
        "sequence": str(entry.sequence),
    }
    if entry.causation_id is not None:
        attributes["causationid"] = entry.causation_id
    if entry.traceparent is not None:
        attributes["traceparent"] = entry.traceparent
    return attributes


def structured(entry: JournalEntry) -> dict[str, Any]:
    """Return attributes and data in one, as the JSON event format has them."""
    return {**attributes_of(entry), "data": dict(entry.data)}
