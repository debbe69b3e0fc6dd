"""A request as those see it who watch the service: its figures, its log and its traces."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeAlias

EXCHANGE = "hexaccount.exchange"
"""Under which name the WSGI environment of a request holds its exchange."""


# Those of RFC 9110 and RFC 5789.
_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})


def known_method(text: str) -> str:
    """Return a request's method, or `_OTHER`, as OpenTelemetry has it, for what a client has made up."""
    return text if text in _METHODS else "_OTHER"


@dataclass(slots=True)
class Exchange:
    """One request and what became of it.

    `method` is one of HTTP's, or `_OTHER`. `route` is the template of the path, never the path itself, and empty where
    none fits; `code` is that of the problem it was answered with. Both are known, as is `status`, once it has been
    answered. Whoever watches may put a `traceparent` of its own in the place of the client's, which all that comes of
    the request then carries.
    """

    method: str
    request_id: str
    traceparent: str | None
    route: str = ""
    status: int = 500
    code: str = ""


Watcher: TypeAlias = Callable[[Exchange], AbstractContextManager[None]]
"""Gives a context that lasts for as long as a request is being answered; it must be quick, and never fail."""
