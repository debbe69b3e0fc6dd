"""Documents as JSON, one a line."""

import json
from typing import Any

import msgspec
from structlog.typing import EventDict

_DELETE = b"\x7f"

_encode = msgspec.json.Encoder(enc_hook=str).encode


def json_line(_logger: Any, _level: str, document: EventDict) -> bytes:
    """Return a line of ASCII without control characters."""
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
