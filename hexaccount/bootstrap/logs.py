import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from hexaccount.bootstrap.settings import LogSettings
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.rate_limit import RateLimit
from hexaccount.observability.line_limit import LineLimit
from hexaccount.rate_limits.ports import RateLimitStore

if TYPE_CHECKING:
    from hexaccount_structlog import LineStream, RequestLog
    from hexaccount_structlog.documents import Renderer

_log = logging.getLogger("hexaccount")

# Refused requests with one code, in one process: wide, so that the line of a request is there when a user asks.
_FROM_NETWORK = RateLimit.of(100, 0.5, 10_000, 10)
_FROM_ALL = RateLimit.of(1000, 0.05, 100_000, 0.5)


def configure_logs(settings: LogSettings) -> None:
    """Log to standard error, one line a record; does nothing if the root logger has a handler already."""
    if sys.stderr is None or logging.getLogger().handlers:
        return
    logging.basicConfig(handlers=[_LazyHandler(settings)], level=settings.level.upper())
    # Whatever the level hides, the security log is written.
    logging.getLogger("hexaccount.security").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_failed_thread
    # Alembic reports each of its steps at INFO; `migrate` prints the result.
    logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.getLogger().level))


def _log_failed_thread(ended: threading.ExceptHookArgs) -> None:
    """Log the error that ended a thread, in one record; Python would print several lines."""
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = "a thread" if ended.thread is None else f"the thread {ended.thread.name}"
        _log.critical("%s has ended with an error", name, exc_info=ended.exc_value)


def open_request_log(settings: LogSettings, counters: RateLimitStore, clock: Clock) -> "RequestLog | None":
    """Return the log of requests, or None if the level or a closed standard error hides it."""
    if sys.stderr is None or settings.level not in {"debug", "info"}:
        return None
    from hexaccount_structlog import RequestLog

    limit = LineLimit(counters, clock, from_network=_FROM_NETWORK, from_all=_FROM_ALL)
    return RequestLog(*_open_output(settings), limit)


class _LazyHandler(logging.Handler):
    """Imports and opens the real handler with the first record, as most commands log nothing."""

    def __init__(self, settings: LogSettings) -> None:
        super().__init__()
        self._settings = settings
        self._handler: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._handler is None:
            from hexaccount_structlog import RecordHandler

            self._handler = RecordHandler(*_open_output(self._settings))
        self._handler.emit(record)


def _open_output(settings: LogSettings) -> "tuple[LineStream, Renderer]":
    from hexaccount_structlog import LineStream, json_line

    stream, is_terminal = LineStream(sys.stderr.fileno()), sys.stderr.isatty()
    if settings.format == "json" or (settings.format == "auto" and not is_terminal):
        return stream, json_line
    from hexaccount_structlog.text_lines import TextRenderer

    # https://no-color.org
    return stream, TextRenderer(colors=is_terminal and not os.environ.get("NO_COLOR"))
