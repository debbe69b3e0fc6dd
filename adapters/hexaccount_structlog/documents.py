"""What a line tells, under the names of the Elastic Common Schema, in which a dot stands for an object in an object.

https://www.elastic.co/guide/en/ecs/8.17/ecs-field-reference.html
https://github.com/elastic/ecs-logging/tree/main/spec
"""

import time
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from logging import LogRecord
from typing import Any

from structlog.typing import EventDict

from hexaccount.kernel.causation import current_cause
from hexaccount_structlog.errors import cut, trace_of, type_of

LONGEST_MESSAGE = 8_000
OF_EVERY_LINE = {"ecs.version": "8.17.0", "service.name": "hexaccount", "event.dataset": "hexaccount"}

request_in_hand: ContextVar[str | None] = ContextVar("hexaccount_request_in_hand", default=None)
"""The id of the request that this thread, or what it has handed on, works on."""


def document_of(_logger: Any, level: str, event: EventDict) -> EventDict:
    """Return what is told of a record of the standard library, of which structlog has made an event."""
    record: LogRecord = event["_record"]
    document: EventDict = {
        "@timestamp": moment(record.created),
        "log.level": level,
        "message": cut(event["event"], LONGEST_MESSAGE),
        **OF_EVERY_LINE,
        "log.logger": record.name,
        "process.pid": record.process,
        "process.thread.name": record.threadName,
    }
    if request := request_in_hand.get():
        document["http.request.id"] = request
    add_trace(document, current_cause().traceparent)
    caught = event.get("exc_info")
    if caught and caught[1] is not None:
        _add_error(document, caught[1])
    return document


def moment(seconds: float | None = None) -> str:
    """Return a moment, in seconds since 1970, or now, as RFC 3339 has it: to the millisecond and in UTC."""
    if seconds is None:
        seconds = time.time()
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def add_trace(document: EventDict, traceparent: str | None) -> None:
    """Add the ids of a W3C trace context, if there is one."""
    if traceparent is not None:
        _, document["trace.id"], document["span.id"], _ = traceparent.split("-")


def _add_error(document: EventDict, error: BaseException) -> None:
    document["error.type"] = type_of(error)
    document["error.message"] = cut(str(error), LONGEST_MESSAGE)
    document["error.stack_trace"] = trace_of(error)
