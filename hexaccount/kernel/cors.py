"""Cross-origin requests (the Fetch standard, CORS protocol), without credentials: tokens travel in a header."""

from collections.abc import Sequence
from typing import TypeAlias

HeaderList: TypeAlias = list[tuple[str, str]]

_ANY = "*"
_EXPOSED = (
    "Access-Control-Expose-Headers",
    "Authorization, X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, ETag, Location",
)
_METHODS = "GET, HEAD, POST, PATCH, DELETE"
# Those that the service reads, and those that a browser's OpenTelemetry adds to each request.
_ALLOWED = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "X-Request-ID",
    "traceparent",
    "tracestate",
    "baggage",
)


class CorsPolicy:
    """The origins whose pages may read the responses; without any, no header is sent."""

    def __init__(self, origins: Sequence[str] = (), headers: Sequence[str] = ()) -> None:
        """Take origins such as `https://app.example.org`, or `*` for all, and further headers that pages may send."""
        self._any = _ANY in origins
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._preflight = [
            ("Access-Control-Allow-Methods", _METHODS),
            ("Access-Control-Allow-Headers", ", ".join((*_ALLOWED, *headers))),
            ("Access-Control-Max-Age", "600"),
            ("Vary", "Origin"),
        ]

    def headers(self, origin: str | None) -> HeaderList:
        """Return the headers of the response to a request with this Origin."""
        if not self._origins:
            return []
        allowed = self._allowed(origin)
        # Without Vary, a cache would give one origin the response for another; also where the origin is not allowed.
        vary = [] if self._any else [("Vary", "Origin")]
        return [*vary, ("Access-Control-Allow-Origin", allowed), _EXPOSED] if allowed else vary

    def preflight(self, method: str, origin: str | None, requested_method: str | None) -> HeaderList | None:
        """Return the headers of the response to a preflight of an allowed origin, None for any other request.

        requested_method: the header Access-Control-Request-Method.
        """
        if method != "OPTIONS" or requested_method is None:
            return None
        allowed = self._allowed(origin)
        return [("Access-Control-Allow-Origin", allowed), *self._preflight] if allowed else None

    def allows(self, origin: str | None) -> bool:
        """Return whether pages of this Origin may read responses, and open sockets."""
        if not origin:
            return False
        return self._any or origin.lower() in self._origins

    def _allowed(self, origin: str | None) -> str | None:
        if not self.allows(origin):
            return None
        return _ANY if self._any else origin
