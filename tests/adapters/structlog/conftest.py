import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest

from hexaccount.observability.line_limit import LineLimit
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_flask.web.middleware import RequestContext
from hexaccount_memory import MemoryRateLimitStore
from hexaccount_structlog import LineStream, RecordHandler, RequestLog, json_line
from hexaccount_structlog.text_lines import TextRenderer

# A text that a forger would have logged: a line of the log, ends of lines and orders to a terminal.
FORGERY = (
    '2026-11-27T06:45:00.123Z [info     ] GET /api/v1/me 200 in 0.1 ms\n{"message":"forged"}\r\x1b[2J\u2028\x85\x00'
)


class Log:
    """A log on a pipe, with a logger of `logging` and a request log that write to it."""

    def __init__(self, *, text: bool, colors: bool = False) -> None:
        self._reader, self._writer = os.pipe()
        output = LineStream(self._writer), TextRenderer(colors=colors) if text else json_line
        self.logger = logging.Logger("hexaccount.some", logging.DEBUG)  # noqa: LOG001 - one for each test
        self.logger.addHandler(RecordHandler(*output))
        self.clock = AdjustableClock()
        self.requests = RequestLog(*output, LineLimit(MemoryRateLimitStore(), self.clock))

    def log_request(self, **changes: Any) -> None:
        exchange = RequestContext("GET", "one", None)
        with self.requests(exchange):
            for name, value in changes.items():
                setattr(exchange, name, value)

    def log_error(self, error: Exception, message: str = "it failed") -> None:
        try:
            fail(error)
        except type(error):
            self.logger.exception(message)

    def read_lines(self) -> list[str]:
        """Return what was written; only a line feed ends a line here, as in most readers."""
        text = os.read(self._reader, 1_000_000).decode()
        assert text.endswith("\n")
        return text[:-1].split("\n")

    def read_line(self) -> str:
        (line,) = self.read_lines()
        return line

    def read_document(self) -> Any:
        return json.loads(self.read_line())

    def close(self) -> None:
        for end in (self._reader, self._writer):
            os.close(end)


def fail(error: Exception) -> None:
    secret = "never shown"  # noqa: F841 - a value of a variable, which a stack trace must not show
    raise error


@pytest.fixture
def json_log() -> Iterator[Log]:
    log = Log(text=False)
    yield log
    log.close()


@pytest.fixture
def text_log() -> Iterator[Log]:
    log = Log(text=True)
    yield log
    log.close()
