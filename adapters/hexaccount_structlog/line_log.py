import logging

import structlog
from structlog.typing import Processor

from hexaccount_structlog.json_lines import json_line
from hexaccount_structlog.line_handler import LineHandler
from hexaccount_structlog.lines import LineStream
from hexaccount_structlog.request_log import RequestLog
from hexaccount_structlog.text_lines import TextLines


class LineLog:
    """Where lines go, and how they look: ECS JSON, or text, with colors or without."""

    def __init__(self, stream: LineStream, *, text: bool, colors: bool = False) -> None:
        self._stream = stream
        self._render = TextLines(colors=colors) if text else json_line

    def handler(self) -> logging.Handler:
        """Return what writes the records of the standard library."""
        return LineHandler(self._stream, self._render)

    def requests(self) -> RequestLog:
        """Return what logs requests; to be called in the process that answers them."""
        # One step: what others would find out of every record, a request's line has from the request.
        steps: list[Processor] = [self._render]
        quick = structlog.make_filtering_bound_logger(logging.INFO)
        return RequestLog(structlog.wrap_logger(self._stream, processors=steps, wrapper_class=quick).bind())
