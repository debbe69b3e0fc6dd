"""Log documents: flat dictionaries whose keys are the dotted names of fields of the Elastic Common Schema.

https://www.elastic.co/guide/en/ecs/8.17/ecs-field-reference.html
https://github.com/elastic/ecs-logging/tree/main/spec
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from logging import LogRecord
from traceback import TracebackException
from typing import Any, TypeAlias

from hexaccount.kernel.causation import current_cause

Document: TypeAlias = dict[str, Any]
Renderer: TypeAlias = Callable[[Document], bytes]

MAX_MESSAGE = 8_000
MAX_STACK_TRACE = 12_000
CONSTANT_FIELDS = {"ecs.version": "8.17.0", "service.name": "hexaccount", "event.dataset": "hexaccount"}

current_request_id: ContextVar[str | None] = ContextVar("hexaccount_current_request_id", default=None)


def document_of(record: LogRecord, message: str, error: BaseException | None = None) -> Document:
    """Return the fields of a record of `logging`, with the ids of the current request and trace.

    A record may have further fields in its attribute `ecs`.
    """
    document: Document = {
        "@timestamp": timestamp(record.created),
        "log.level": record.levelname.lower(),
        "message": shorten(message, MAX_MESSAGE),
        **CONSTANT_FIELDS,
        "log.logger": record.name,
        "process.pid": record.process,
        "process.thread.name": record.threadName,
    }
    if request_id := current_request_id.get():
        document["http.request.id"] = request_id
    add_trace(document, current_cause().traceparent)
    document |= getattr(record, "ecs", {})
    if error is not None:
        kind = type(error)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        document["error.type"] = f"{module}{kind.__qualname__}"
        document["error.message"] = shorten(str(error), MAX_MESSAGE)
        # Without `capture_locals`, so that no variable's value is in it.
        document["error.stack_trace"] = shorten(
            "".join(TracebackException.from_exception(error).format()), MAX_STACK_TRACE
        )
    return document


def timestamp(seconds: float) -> str:
    """Return seconds since 1970 as RFC 3339 in UTC, to the millisecond."""
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def add_trace(document: Document, traceparent: str | None) -> None:
    """Add the ids of a W3C trace context, if there is one."""
    if traceparent is not None:
        _, document["trace.id"], document["span.id"], _ = traceparent.split("-")


def shorten(text: str, limit: int) -> str:
    """Return a text without its middle if it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    third = limit // 3
    return f"{text[:third]} […] {text[-2 * third :]}"
