"""What is logged, and how."""

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

from hexaccount.bootstrap.settings import LogSettings

if TYPE_CHECKING:
    from hexaccount_structlog import LineLog, RequestLog

_log = logging.getLogger("hexaccount")


def configure_logs(settings: LogSettings) -> None:
    """Log to standard error, one line a record; does nothing where somebody has seen to that already."""
    if sys.stderr is None or logging.getLogger().handlers:
        return
    logging.basicConfig(handlers=[_LateHandler(settings)], level=settings.level.upper())
    logging.captureWarnings(capture=True)
    threading.excepthook = _tell_of_thread
    # Alembic tells at length what it is; what a migration has made is told by those who asked for it.
    logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.getLogger().level))


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Log what has ended a thread; Python would print it over many lines."""
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = "a thread" if ended.thread is None else f"the thread {ended.thread.name}"
        _log.critical("%s has ended with an error", name, exc_info=ended.exc_value)


def open_request_log(settings: LogSettings) -> "RequestLog | None":
    """Return what logs each request, or None where nobody is to read it."""
    if sys.stderr is None or settings.level not in {"debug", "info"}:
        return None
    return _open_log(settings).requests()


class _LateHandler(logging.Handler):
    """Makes the handler that writes when there is something to write, which most commands never have."""

    def __init__(self, settings: LogSettings) -> None:
        super().__init__()
        self._settings = settings
        self._writing: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._writing is None:
            self._writing = _open_log(self._settings).handler()
        self._writing.emit(record)


def _open_log(settings: LogSettings) -> "LineLog":
    from hexaccount_structlog import LineLog, LineStream  # noqa: PLC0415 - help and most commands need none of it

    on_terminal = sys.stderr.isatty()
    text = settings.format == "text" or (settings.format == "auto" and on_terminal)
    # https://no-color.org
    colors = on_terminal and not os.environ.get("NO_COLOR")
    return LineLog(LineStream(sys.stderr.fileno()), text=text, colors=colors)
