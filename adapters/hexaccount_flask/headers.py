"""The headers that every answer has, and those of a request that are not its view's business."""

import re
from uuid import uuid4

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?P<known>(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(?P<rest>-.*)?"
)

ALWAYS = {
    name.lower(): (name, value)
    for name, value in (
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    )
}
"""By lower-case name, what is sent with every answer that does not set the header otherwise."""


def new_request_id() -> str:
    """Return an id for a request that came without one."""
    return uuid4().hex


def request_id_of(text: str | None) -> str:
    """Return the id that a client gave its request if it can be logged and sent back as it is, else a new one."""
    return text if text is not None and _REQUEST_ID.fullmatch(text) else new_request_id()


def traceparent_of(text: str | None) -> str | None:
    """Return a W3C trace context in the form of version 00, or None for what is none (Trace Context, 3.2.2)."""
    found = _TRACEPARENT.fullmatch(text) if text is not None else None
    if found is None or (found["version"] == "00" and found["rest"]):
        return None
    return f"00-{found['known']}"
