"""Records as ECS JSON, one object a line.

https://www.elastic.co/guide/en/ecs/8.17/ecs-field-reference.html
https://github.com/elastic/ecs-logging/tree/main/spec
"""

import json
import os
from typing import Any

import msgspec
from structlog.typing import EventDict

from hexaccount_structlog.errors import cut, trace_of, type_of

ECS_VERSION = "8.17.0"
LONGEST_MESSAGE = 8_000
_OURS = frozenset({"event", "level", "logger", "timestamp", "error", "stack_info"})

_DELETE = b"\x7f"

_encode = msgspec.json.Encoder(enc_hook=str).encode


def ecs_line(_logger: Any, _method: str, event: EventDict) -> bytes:
    """Return a line of ASCII without control characters; names with a dot stand for objects within objects."""
    document: dict[str, Any] = {
        "@timestamp": event["timestamp"],
        "log.level": event["level"],
        "message": cut(event["event"], LONGEST_MESSAGE),
        "ecs.version": ECS_VERSION,
        "service.name": "hexaccount",
        "event.dataset": "hexaccount",
        "log.logger": event["logger"],
        "process.pid": os.getpid(),
    }
    document |= {name: value for name, value in event.items() if name not in _OURS}
    error = event.get("error")
    if error is not None:
        document["error.type"] = type_of(error)
        document["error.message"] = cut(str(error), LONGEST_MESSAGE)
        document["error.stack_trace"] = trace_of(error)
    return _as_json(document)


def _as_json(document: dict[str, Any]) -> bytes:
    try:
        line = _encode(document)
        if line.isascii() and _DELETE not in line:
            return line
    except UnicodeEncodeError:  # half of a surrogate pair, which no UTF-8 can hold
        document = {name: _whole(value) for name, value in document.items()}
    # Beyond ASCII there are characters that end lines, or mean orders to a terminal, for some who read them.
    line = json.dumps(document, separators=(",", ":"), default=str).encode()
    return line.replace(_DELETE, b"\\u007f")


def _whole(value: Any) -> Any:
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
