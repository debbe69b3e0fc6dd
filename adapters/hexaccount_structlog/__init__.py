"""The log: lines for people, or ECS JSON for machines, rendered by structlog.

What the service logs by the standard library's `logging`, and one line for every request, go the same way.
"""

from hexaccount_structlog.line_log import LineLog
from hexaccount_structlog.lines import LineStream
from hexaccount_structlog.request_log import RequestLog

__all__ = ["LineLog", "LineStream", "RequestLog"]
