import time
from contextlib import AbstractContextManager
from contextvars import Token
from types import TracebackType
from typing import Protocol

from structlog.typing import EventDict, FilteringBoundLogger

from hexaccount_structlog.happening import add_trace, moment, request_in_hand

_LOGGER = "hexaccount.requests"
# The methods of RFC 9110 and RFC 5789; a client may make up others, of any length.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


class Exchange(Protocol):
    """A request and, once it has been answered, what became of it; `route` is a template, never a path."""

    method: str
    request_id: str
    traceparent: str | None
    route: str
    status: int
    code: str


class RequestLog:
    """Logs each request once it has been answered: no path, no query, no address, no name."""

    def __init__(self, logger: FilteringBoundLogger) -> None:
        self._logger = logger

    def __call__(self, exchange: Exchange) -> AbstractContextManager[None]:
        """Return a context that lasts for as long as a request is being answered."""
        return _Watched(self._logger, exchange)

    def refused(self, request_id: str, status: int, code: str) -> None:
        """Log a request that was refused before it was known what it asks for."""
        event = _answered(f"refused with {status} {code}", request_id, status, code)
        self._logger.info(**event)


class _Watched(AbstractContextManager[None]):
    """One request; not a generator, which would cost as much as the line."""

    __slots__ = ("_began", "_exchange", "_logger", "_token")

    def __init__(self, logger: FilteringBoundLogger, exchange: Exchange) -> None:
        self._logger = logger
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
        exchange = self._exchange
        method = exchange.method if exchange.method in _METHODS else "_OTHER"
        outcome = f"{exchange.status} {exchange.code}" if exchange.code else str(exchange.status)
        told = f"{method} {exchange.route or '(no route)'} {outcome} in {taken / 1e6:.1f} ms"
        event = _answered(told, exchange.request_id, exchange.status, exchange.code)
        event["http.request.method"] = method
        event["event.duration"] = taken
        if exchange.route:
            event["labels.route"] = exchange.route
        self._logger.info(**add_trace(event, exchange.traceparent))


def _answered(told: str, request_id: str, status: int, code: str) -> EventDict:
    event: EventDict = {
        "event": told,
        "timestamp": moment(time.time()),
        "level": "info",
        "logger": _LOGGER,
        "http.request.id": request_id,
        "http.response.status_code": status,
        "event.outcome": "failure" if status >= 400 else "success",
    }
    if code:
        event["error.code"] = code
    return event
