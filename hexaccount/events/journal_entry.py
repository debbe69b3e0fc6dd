"""The form in which an event is stored and published: a CloudEvent 1.0 without a transport."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from hexaccount.kernel.causation import SERVICE


class JournalEntry(NamedTuple):
    """An event as the journal holds it.

    `aggregate` and `aggregate_id` identify its journal, `sequence` is its position there, counted from 1. It is never
    given twice, and there is a gap where events were removed. `subject` is the account's id. The fields from `actor`
    on are those of the Cause, in which no client is left without a name.

    A tuple, as a relay makes two of each event that it delivers: no other class is made and copied as quickly.
    """

    id: UUID
    type: str
    source: str
    subject: UUID
    time: datetime
    aggregate: str
    aggregate_id: UUID
    sequence: int
    dataschema: str
    data: Mapping[str, Any]
    actor: str = SERVICE
    session_id: UUID | None = None
    network: str | None = None
    request_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    reason: str | None = None

    def with_data(self, data: Mapping[str, Any]) -> "JournalEntry":
        """Return the same entry with other data, in half the time of `_replace`."""
        return JournalEntry._make((*self[:_DATA], data, *self[_DATA + 1 :]))


_DATA = JournalEntry._fields.index("data")
