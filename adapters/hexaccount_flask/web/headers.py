"""The headers of every response, the request headers that no view reads, and media types."""

import re
from typing import TypeAlias
from uuid import uuid4

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
PROBLEM = "application/problem+json"

HeaderPairs: TypeAlias = tuple[tuple[str, str], ...]

STANDARD_HEADERS: HeaderPairs = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
"""Sent with every response that does not set the header itself."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<known>(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(?P<rest>-.*)?"
)


def new_request_id() -> str:
    """Return a random id of 32 hexadecimal digits."""
    return uuid4().hex


def request_id_of(text: str | None) -> str:
    """Return the client's `X-Request-ID` if it is safe to log and to send back, otherwise a new id."""
    return text if text is not None and _REQUEST_ID.fullmatch(text) else new_request_id()


def traceparent_of(text: str | None) -> str | None:
    """Return a W3C trace context in the form of version 00, None if it is invalid (Trace Context, 3.2.2)."""
    found = _TRACEPARENT.fullmatch(text) if text is not None else None
    if found is None or (found["version"] == "00" and found["rest"]):
        return None
    return f"00-{found['known']}"
