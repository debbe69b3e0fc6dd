"""Spans of MongoDB commands, from pymongo's command monitoring.

opentelemetry-instrumentation-pymongo records the server's text of a failure, which contains a taken user name.
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
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
    register,
)

from hexaccount_otel.failures import record_failure

# The field in which a command names its collection; other commands may have any value there.
_COLLECTION_FIELD = {
    "getMore": "collection",
    **{name: name for name in ("aggregate", "collMod", "create", "createIndexes", "delete")},
    **{name: name for name in ("find", "findAndModify", "insert", "update")},
}


class CommandSpans(CommandListener):
    """Creates a span for each command inside another span, with its name and collection and none of its values."""

    def __init__(self, tracer: Tracer) -> None:
        """Register for all clients that are created from now on."""
        self._tracer: Tracer | None = tracer
        self._started: dict[Any, tuple[int, str | None]] = {}
        register(self)

    def close(self) -> None:
        """Create no more spans; pymongo cannot unregister a listener."""
        self._tracer = None

    def started(self, event: CommandStartedEvent) -> None:
        """Store the time and collection of a command."""
        if self._tracer is not None and get_current_span().is_recording():
            self._started[_key(event)] = (time.time_ns(), _collection_of(event))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Record the span of a command that succeeded."""
        self._record(event, None)

    def failed(self, event: CommandFailedEvent) -> None:
        """Record the span of a command that failed, with the name of the failure."""
        self._record(event, str(event.failure.get("codeName") or event.failure.get("code") or "failed"))

    def _record(self, event: CommandSucceededEvent | CommandFailedEvent, error: str | None) -> None:
        start_time, collection = self._started.pop(_key(event), (None, None))
        if start_time is None or self._tracer is None:
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
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes, start_time=start_time)
        if error is not None:
            record_failure(span, error)
        span.end()


def _collection_of(event: CommandStartedEvent) -> str | None:
    field = _COLLECTION_FIELD.get(event.command_name)
    collection = None if field is None else event.command.get(field)
    return collection if isinstance(collection, str) else None


def _key(event: Any) -> tuple[int, Any]:
    return event.request_id, event.connection_id
