"""The form in which an event leaves the service by any transport: CloudEvents 1.0.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from typing import Any

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.clock import format_time

CONTENT_TYPE = "application/json"
"""The media type of an event's data."""

_REQUIRED = JournalEntry._fields.index("actor") + 1
_OPTIONAL = tuple(name.replace("_", "") for name in JournalEntry._fields[_REQUIRED:])


def attributes_of(entry: JournalEntry) -> dict[str, str]:
    """Return the context attributes, all of them text.

    Besides those of the specification, `aggregate` and `aggregateid` identify the journal of the event. `sequence` (of
    the extension of that name) is its position there, from 1. `actor` is who acted: `user:` with an id, `admin:` with a
    name and host, or `service`. Where they are known, `sessionid` is the session, `network` the client's
    network, `requestid` the request, `causationid` the event that caused this one, `traceparent` (of the extension for
    distributed tracing) its trace, and `reason` the one that an admin gave.
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
        "actor": entry.actor,
    }
    for attribute, value in zip(_OPTIONAL, entry[_REQUIRED:], strict=True):
        if value is not None:
            attributes[attribute] = str(value)
    return attributes


def structured(entry: JournalEntry) -> dict[str, Any]:
    """Return attributes and data in one object, the JSON event format."""
    return {**attributes_of(entry), "data": dict(entry.data)}
