import os
import time
from contextlib import AbstractContextManager
from contextvars import Token
from types import TracebackType
from typing import Protocol

from hexaccount.observability.line_limit import LineLimit
from hexaccount_structlog.documents import (
    CONSTANT_FIELDS,
    Document,
    Renderer,
    add_trace,
    current_request_id,
    timestamp,
)
from hexaccount_structlog.line_stream import LineStream


class RequestContext(Protocol):
    """A request and, once it has been answered, its outcome.

    `route` is a template, never a path; `method` is one of HTTP's, or `_OTHER`.
    """

    method: str
    request_id: str
    traceparent: str | None
    network: str | None
    route: str
    status: int
    code: str


class RequestLog:
    """Writes a line for each answered request: no path, query, address or name.

    Lines of refused requests, whose number clients choose, are written up to a limit. How many were left out is a line
    for each code, with the network of the most.

    It builds the document itself, as a record of `logging` would double the cost of a line (ADR 19).
    """

    def __init__(self, stream: LineStream, render: Renderer, limit: LineLimit) -> None:
        """Create the log in the process that answers the requests, as each line has its pid."""
        self._stream = stream
        self._render = render
        self._limit = limit
        self._constant = {**CONSTANT_FIELDS, "log.logger": "hexaccount.requests", "process.pid": os.getpid()}

    def __call__(self, request: RequestContext) -> AbstractContextManager[None]:
        """Return a context that measures the request, sets its id for other records and logs it at the end."""
        return _LoggedRequest(self, request)

    def refused(self, request_id: str, status: int, code: str) -> None:
        """Log a request that was refused before its method and route were read."""
        if self._admits(status, code, None):
            document = self._document(f"refused with {status} {code}", status, code)
            self._write(document | {"http.request.id": request_id})

    def answered(self, request: RequestContext, duration: int) -> None:
        """Log a request that was answered after `duration` nanoseconds."""
        method, route, status, code = request.method, request.route, request.status, request.code
        if not self._admits(status, code, request.network):
            return
        message = f"{method} {route or '(no route)'} {status}{code and ' '}{code} in {duration / 1e6:.1f} ms"
        document = self._document(message, status, code)
        document["http.request.id"] = request.request_id
        document["http.request.method"] = method
        document["event.duration"] = duration
        if route:
            document["labels.route"] = route
        add_trace(document, request.traceparent)
        self._write(document)

    def summarise(self) -> None:
        """Log how many lines were left out since the last summary."""
        for left_out in self._limit.take_left_out():
            status, _, code = left_out.action.partition(" ")
            document = self._document(f"{left_out.action}: {left_out}", int(status), code)
            self._write(document | {"labels.left_out": left_out.lines, "labels.network": left_out.busiest})

    def _admits(self, status: int, code: str, network: str | None) -> bool:
        if self._limit.is_summary_due:
            self.summarise()
        refused = 400 <= status < 500 or status == 503
        return not refused or self._limit.admits(f"{status} {code}", network or "unknown")

    def _document(self, message: str, status: int, code: str) -> Document:
        document: Document = {
            "@timestamp": timestamp(time.time()),
            "log.level": "info",
            "message": message,
            **self._constant,
            "http.response.status_code": status,
            "event.outcome": "failure" if status >= 400 else "success",
        }
        if code:
            document["error.code"] = code
        return document

    def _write(self, document: Document) -> None:
        self._stream.write(self._render(document))


class _LoggedRequest(AbstractContextManager[None]):
    """A class rather than a generator, which would double the cost of the line."""

    __slots__ = ("_log", "_request", "_started", "_token")

    def __init__(self, log: RequestLog, request: RequestContext) -> None:
        self._log = log
        self._request = request
        self._token: Token[str | None]
        self._started: int

    def __enter__(self) -> None:
        self._token = current_request_id.set(self._request.request_id)
        self._started = time.perf_counter_ns()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        duration = time.perf_counter_ns() - self._started
        current_request_id.reset(self._token)
        self._log.answered(self._request, duration)
