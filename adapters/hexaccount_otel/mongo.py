"""What pymongo has its server do, by pymongo's own events.

opentelemetry-instrumentation-pymongo repeats what the server says of a failure, and so the name that is taken.
"""

import time
from typing import Any

from opentelemetry.semconv.attributes.db_attributes import (
    DB_COLLECTION_NAME,
    DB_NAMESPACE,
    DB_OPERATION_NAME,
    DB_SYSTEM_NAME,
)
from opentelemetry.trace import SpanKind, Tracer, get_current_span
from pymongo import monitoring

from hexaccount_otel.failures import note_failure

# The commands that name a collection, and where; what others hold there may be anything.
_COLLECTION_IN = {
    name: name
    for name in (
        "aggregate",
        "collMod",
        "create",
        "createIndexes",
        "delete",
        "find",
        "findAndModify",
        "insert",
        "update",
    )
} | {"getMore": "collection"}


class CommandSpans(monitoring.CommandListener):
    """Makes each command a span, within another one only: its name and its collection, and nothing that it holds."""

    def __init__(self, tracer: Tracer) -> None:
        """Begin, with the clients that are made from now on."""
        self._tracer: Tracer | None = tracer
        self._begun: dict[Any, tuple[int, str | None]] = {}
        monitoring.register(self)

    def close(self) -> None:
        """Make no more spans; pymongo forgets no listener."""
        self._tracer = None

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Remember when a command began, and for which collection."""
        if self._tracer is not None and get_current_span().is_recording():
            self._begun[_key(event)] = (time.time_ns(), _collection_of(event))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Tell of a command that was answered."""
        self._note(event, None)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Tell of a command that failed, by the name of the failure."""
        self._note(event, str(event.failure.get("codeName") or event.failure.get("code") or "failed"))

    def _note(self, event: monitoring.CommandSucceededEvent | monitoring.CommandFailedEvent, error: str | None) -> None:
        began, collection = self._begun.pop(_key(event), (None, None))
        if began is None or self._tracer is None:
            return
        attributes = {
            DB_SYSTEM_NAME: "mongodb",
            DB_NAMESPACE: event.database_name,
            DB_OPERATION_NAME: event.command_name,
        }
        name = event.command_name
        if collection is not None:
            attributes[DB_COLLECTION_NAME] = collection
            name = f"{name} {collection}"
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes, start_time=began)
        if error is not None:
            note_failure(span, error)
        span.end()


def _collection_of(event: monitoring.CommandStartedEvent) -> str | None:
    member = _COLLECTION_IN.get(event.command_name)
    collection = None if member is None else event.command.get(member)
    return collection if isinstance(collection, str) else None


def _key(event: Any) -> tuple[int, Any]:
    return event.request_id, event.connection_id
