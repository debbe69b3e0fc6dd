import os
import time
from contextlib import AbstractContextManager
from contextvars import Token
from types import TracebackType
from typing import Any, Protocol

from structlog.typing import EventDict

from hexaccount_structlog.documents import OF_EVERY_LINE, add_trace, moment, request_in_hand


class Exchange(Protocol):
    """A request and, once it has been answered, what became of it.

    `route` is a template, never a path; `method` is one of HTTP's, or `_OTHER`.
    """

    method: str
    request_id: str
    traceparent: str | None
    route: str
    status: int
    code: str


class RequestLog:
    """Logs each request once it has been answered: no path, no query, no address, no name.

    A line costs some ten microseconds: it is put together here, and structlog has but to render it.
    """

    def __init__(self, logger: Any) -> None:
        """Take a logger of structlog, which wants a message of its own and is given None."""
        self._logger = logger
        self._same = {**OF_EVERY_LINE, "log.logger": "hexaccount.requests", "process.pid": os.getpid()}

    def __call__(self, exchange: Exchange) -> AbstractContextManager[None]:
        """Return a context that lasts for as long as a request is being answered."""
        return _Watched(self, exchange)

    def refused(self, request_id: str, status: int, code: str) -> None:
        """Log a request that was refused before it was known what it asks for."""
        self._logger.info(None, **self._answered(f"refused with {status} {code}", request_id, status, code))

    def answered(self, exchange: Exchange, taken: int) -> None:
        """Log a request that was answered after so many nanoseconds."""
        method, route, status, code = exchange.method, exchange.route, exchange.status, exchange.code
        told = f"{method} {route or '(no route)'} {status}{code and ' '}{code} in {taken / 1e6:.1f} ms"
        document = self._answered(told, exchange.request_id, status, code)
        document["http.request.method"] = method
        document["event.duration"] = taken
        if route:
            document["labels.route"] = route
        add_trace(document, exchange.traceparent)
        self._logger.info(None, **document)

    def _answered(self, told: str, request_id: str, status: int, code: str) -> EventDict:
        document: EventDict = {
            "@timestamp": moment(),
            "log.level": "info",
            "message": told,
            **self._same,
            "http.request.id": request_id,
            "http.response.status_code": status,
            "event.outcome": "failure" if status >= 400 else "success",
        }
        if code:
            document["error.code"] = code
        return document


class _Watched(AbstractContextManager[None]):
    """One request; not a generator, which would cost as much as the line."""

    __slots__ = ("_began", "_exchange", "_log", "_token")

    def __init__(self, log: RequestLog, exchange: Exchange) -> None:
        self._log = log
        self._exchange = exchange
        self._token: Token[str | None]
        self._began: int

    def __enter__(self) -> None:
        self._token = request_in_hand.set(self._exchange.request_id)
        self._began = time.perf_counter_ns()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        taken = time.perf_counter_ns() - self._began
        request_in_hand.reset(self._token)
        self._log.answered(self._exchange, taken)
