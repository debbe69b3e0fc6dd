"""Spans of Redis commands, from a subclass of redis-py's client.

opentelemetry-instrumentation-redis records the server's text of a failure, which may contain arguments.
"""

from collections.abc import Callable
from typing import Any

from opentelemetry.semconv.attributes.db_attributes import DB_OPERATION_NAME, DB_SYSTEM_NAME
from opentelemetry.trace import SpanKind, Tracer, get_current_span
from redis import Redis

from hexaccount_otel.failures import record_failure


def traced_client(tracer: Tracer) -> type[Redis]:
    """Return a client that creates a span for each command inside another span, without its arguments."""

    class TracedRedis(Redis):
        def execute_command(self, *args: Any, **options: Any) -> Any:
            execute: Callable[..., Any] = super().execute_command
            if not get_current_span().is_recording():
                return execute(*args, **options)
            name = str(args[0]).upper()
            attributes = {DB_SYSTEM_NAME: "redis", DB_OPERATION_NAME: name}
            span = tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)
            try:
                return execute(*args, **options)
            except Exception as error:
                record_failure(span, error)
                raise
            finally:
                span.end()

    return TracedRedis
