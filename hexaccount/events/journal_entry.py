"""The form in which an event is stored and published: a CloudEvent 1.0 without a transport."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """An event as the journal holds it.

    `aggregate` and `aggregate_id` identify its journal, `sequence` is its position there, counted from 1. It is never
    given twice, and there is a gap where events were removed.
    `subject` is the account's id. `causation_id` is the id of the event or the request that caused it.
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
    causation_id: str | None
    traceparent: str | None
    data: Mapping[str, Any]
