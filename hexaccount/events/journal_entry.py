"""The form in which an event is stored and published: a CloudEvent 1.0 without a transport."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hexaccount.kernel.causation import SERVICE


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """An event as the journal holds it.

    `aggregate` and `aggregate_id` identify its journal, `sequence` is its position there, counted from 1. It is never
    given twice, and there is a gap where events were removed. `subject` is the account's id. The fields from `actor`
    on, `data` aside, are those of the Cause, in which no client is left without a name.
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
    actor: str = SERVICE
    session_id: UUID | None = None
    network: str | None = None
    request_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    reason: str | None = None
    data: Mapping[str, Any]
