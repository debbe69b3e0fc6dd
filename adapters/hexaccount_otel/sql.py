"""Spans of SQL statements, from SQLAlchemy's events.

opentelemetry-instrumentation-sqlalchemy does not support SQLAlchemy 2.1, and starts a trace at each poll of a relay.
"""

import re
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from opentelemetry.semconv.attributes.db_attributes import (
    DB_COLLECTION_NAME,
    DB_NAMESPACE,
    DB_OPERATION_NAME,
    DB_QUERY_SUMMARY,
    DB_QUERY_TEXT,
    DB_SYSTEM_NAME,
)
from opentelemetry.trace import SpanKind, Tracer, get_current_span
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext

from hexaccount_otel.failures import record_failure

_START_TIME = "hexaccount_statement_start"
_MAX_TEXT = 2_000
_WRITES = re.compile(r"\b(INSERT) INTO (\w+)|\b(UPDATE) (\w+) SET|\b(DELETE) FROM (\w+)")
_READS = re.compile(r"\bFROM (\w+)")


class StatementSpans:
    """Creates a span for each statement inside another span, with its text, in which values are placeholders."""

    def __init__(self, tracer: Tracer) -> None:
        """Listen to all engines of this process."""
        self._tracer = tracer
        self._listeners: dict[str, Callable[..., None]] = {
            "before_cursor_execute": _store_start_time,
            "after_cursor_execute": self._end,
            "handle_error": self._fail,
        }
        for name, listener in self._listeners.items():
            event.listen(Engine, name, listener)

    def close(self) -> None:
        """Create no more spans."""
        for name, listener in self._listeners.items():
            event.remove(Engine, name, listener)

    def _end(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        self._record(connection, statement, None)

    def _fail(self, context: ExceptionContext) -> None:
        if context.connection is not None and context.statement is not None:
            self._record(context.connection, context.statement, context.original_exception)

    def _record(self, connection: Connection, statement: str, error: BaseException | None) -> None:
        start_time = connection.info.pop(_START_TIME, None)
        if start_time is None:
            return
        operation, tables = _summary(statement)
        summary = " ".join([operation, *tables])
        attributes = {
            DB_SYSTEM_NAME: connection.dialect.name,
            DB_OPERATION_NAME: operation,
            DB_QUERY_SUMMARY: summary,
            DB_QUERY_TEXT: statement[:_MAX_TEXT],
        }
        if len(tables) == 1:
            attributes[DB_COLLECTION_NAME] = tables[0]
        if connection.dialect.name != "sqlite" and connection.engine.url.database:
            attributes[DB_NAMESPACE] = connection.engine.url.database
        span = self._tracer.start_span(summary, kind=SpanKind.CLIENT, attributes=attributes, start_time=start_time)
        if error is not None:
            record_failure(span, error)
        span.end()


def _store_start_time(connection: Connection, *_: Any) -> None:
    if get_current_span().is_recording():
        connection.info[_START_TIME] = time.time_ns()


@lru_cache(maxsize=512)
def _summary(statement: str) -> tuple[str, tuple[str, ...]]:
    """Return the operation of a statement and its tables: those that it writes, or else the first that it reads."""
    writes = [tuple(filter(None, found)) for found in _WRITES.findall(statement)]
    if writes:
        return writes[0][0], tuple(dict.fromkeys(table for _, table in writes))
    words = statement.split(maxsplit=1)
    read = _READS.search(statement)
    return (words[0].upper() if words else "", (read[1],) if read else ())
