import json
from typing import Any

import msgspec

from hexaccount_structlog.documents import Document

_DELETE = b"\x7f"

_encode = msgspec.json.Encoder(enc_hook=str).encode


def json_line(document: Document) -> bytes:
    """Return a document as one line of ASCII without control characters, its end not included."""
    try:
        line = _encode(document)
        if line.isascii() and _DELETE not in line:
            return line
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 cannot encode
        document = {name: _encodable(value) for name, value in document.items()}
    # Some characters beyond ASCII end a line, or control a terminal, in some readers; `json` escapes them all, and DEL.
    return json.dumps(document, separators=(",", ":"), default=str).encode()


def _encodable(value: Any) -> Any:
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
