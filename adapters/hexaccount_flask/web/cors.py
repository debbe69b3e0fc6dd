"""Cross-origin requests (the Fetch standard, CORS protocol), without credentials: tokens travel in a header."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HeaderList: TypeAlias = list[tuple[str, str]]

_ANY = "*"
_EXPOSED = (
    "Access-Control-Expose-Headers",
    "Authorization, X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, ETag, Location",
)
_PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, DELETE"),
    (
        "Access-Control-Allow-Headers",
        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-ID",
    ),
    ("Access-Control-Max-Age", "600"),
)


class CorsPolicy:
    """The origins whose pages may read the responses; without any, no header is sent."""

    def __init__(self, origins: Sequence[str]) -> None:
        """Take the setting `http.cors_origins`: origins such as `https://app.example.org`, or `*` for all."""
        self._any = _ANY in origins
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    def headers(self, environ: "WSGIEnvironment") -> HeaderList:
        """Return the headers of the response to a request."""
        if not self._origins:
            return []
        allowed = self._allowed(environ)
        # Without Vary, a cache would give one origin the response for another; also where the origin is not allowed.
        vary = [] if self._any else [("Vary", "Origin")]
        return [*vary, ("Access-Control-Allow-Origin", allowed), _EXPOSED] if allowed else vary

    def preflight(self, environ: "WSGIEnvironment") -> HeaderList | None:
        """Return the headers of the response to a preflight of an allowed origin, None for any other request."""
        if environ["REQUEST_METHOD"] != "OPTIONS" or "HTTP_ACCESS_CONTROL_REQUEST_METHOD" not in environ:
            return None
        allowed = self._allowed(environ)
        return [("Access-Control-Allow-Origin", allowed), *_PREFLIGHT, ("Vary", "Origin")] if allowed else None

    def _allowed(self, environ: "WSGIEnvironment") -> str | None:
        origin: str | None = environ.get("HTTP_ORIGIN")
        if not origin:
            return None
        if self._any:
            return _ANY
        return origin if origin.lower() in self._origins else None
