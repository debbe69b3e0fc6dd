from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, TypeAlias

from hexaccount.kernel.text import from_latin1
from hexaccount_granian.worker import WsgiApplication

_ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType]


class Response(NamedTuple):
    """A complete response; granian encodes its header values as UTF-8."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class WsgiViolation(Exception):
    """The application violates PEP 3333."""


def call_wsgi(application: WsgiApplication, environ: dict[str, Any]) -> Response:
    """Run a WSGI application and return its response; raises WsgiViolation and whatever the application raises."""
    start = _Start()
    chunks = application(environ, start)
    try:
        body = b"".join(chunks)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
    if start.written:
        body = b"".join(start.written) + body
    return Response(start.status_code(), _headers(start.headers, environ["REQUEST_METHOD"], body), body)


class _Start:
    """The `start_response` of one call."""

    __slots__ = ("headers", "status", "written")

    def __init__(self) -> None:
        self.status: str | None = None
        self.headers: list[tuple[str, str]] = []
        self.written: list[bytes] = []

    def __call__(
        self, status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        # Nothing is sent before the end, so an error page may always replace the response.
        if self.status is not None and exc_info is None:
            raise WsgiViolation("start_response was called twice")
        self.status, self.headers = status, headers
        return self.written.append

    def status_code(self) -> int:
        if self.status is None:
            raise WsgiViolation("start_response was never called")
        code = self.status[:3]
        # granian ends the whole process if it gets a number that is no status.
        if not code.isdecimal() or int(code) < 200:
            raise WsgiViolation(f"{self.status!r} is no final status")
        return int(code)


def _headers(headers: list[tuple[str, str]], method: str, body: bytes) -> list[tuple[str, str]]:
    # granian counts the length: a wrong one would corrupt the next response on the connection. For HEAD there is no
    # body that granian could count.
    skipped = "" if method == "HEAD" else "content-length"
    kept = [
        (name, value if value.isascii() else from_latin1(value)) for name, value in headers if name.lower() != skipped
    ]
    if method == "HEAD" and body and not any(name.lower() == "content-length" for name, _ in kept):
        kept.append(("content-length", str(len(body))))
    return kept
