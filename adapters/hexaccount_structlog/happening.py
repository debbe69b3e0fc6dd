"""What is said of every record besides its message: when and where it was made, and for which request."""

import time
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from structlog.typing import EventDict

from hexaccount.application.causation import current_cause

request_in_hand: ContextVar[str | None] = ContextVar("hexaccount_request_in_hand", default=None)
"""The id of the request that this thread, or what it has handed on, works on."""


def moment(seconds: float) -> str:
    """Return a moment, in seconds since 1970, as RFC 3339 has it, to the millisecond and in UTC."""
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def add_happening(_logger: Any, level: str, event: EventDict) -> EventDict:
    """Add time and place of a record of the standard library, and what it belongs to."""
    record = event.get("_record")
    event["timestamp"] = moment(time.time() if record is None else record.created)
    event["level"] = level
    if record is not None:
        event["logger"] = record.name
        event["process.thread.name"] = record.threadName
    if request := request_in_hand.get():
        event["http.request.id"] = request
    return add_trace(event, current_cause().traceparent)


def add_trace(event: EventDict, traceparent: str | None) -> EventDict:
    """Add the ids of a W3C trace context, if there is one."""
    if traceparent is not None:
        _, event["trace.id"], event["span.id"], _ = traceparent.split("-")
    return event
