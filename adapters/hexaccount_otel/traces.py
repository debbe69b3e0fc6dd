import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from hexaccount.events.subscribers import Subscriber
from hexaccount_otel.deliveries import TracedSubscriber
from hexaccount_otel.messages import MessageSpans
from hexaccount_otel.requests import RequestSpans

if TYPE_CHECKING:
    from redis import Redis

_SHUTDOWN_TIMEOUT = 3.0
"""Seconds that a process which ends waits for the collector to accept its last spans."""

_SERVICE_NAME = "service.name"


class Traces:
    """Collects the spans of one process and sends them; must be created in that process, not before a fork.

    A thread sends spans from a queue of at most 2,048. While the collector is unreachable or slow, further spans are
    lost: nothing waits for it and nothing fails. The variables of OpenTelemetry apply too, such as
    OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES and OTEL_BSP_MAX_QUEUE_SIZE.
    """

    def __init__(self, endpoint: str, *, ratio: float) -> None:
        """Take the URL of the collector without /v1/traces, and the share of traces begun here to sample, 0 to 1."""
        # Its warnings announce retries only.
        logging.getLogger("opentelemetry").setLevel(logging.ERROR)
        detected = OTELResourceDetector().detect().attributes
        resource = Resource.create(
            {_SERVICE_NAME: detected.get(_SERVICE_NAME, "hexaccount"), "process.pid": os.getpid()}
        )
        sampler = ParentBased(TraceIdRatioBased(ratio))
        self._provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("hexaccount")
        self._on_close: list[Callable[[], None]] = []
        self.requests = RequestSpans(self._tracer)
        self.messages = MessageSpans(self._tracer)

    def subscriber(self, inner: Subscriber) -> Subscriber:
        """Return a subscriber that creates a span for each delivery."""
        return TracedSubscriber(inner, self._tracer)

    def instrument_sqlalchemy(self) -> None:
        """Create spans for the statements of all engines."""
        from hexaccount_otel.sql import StatementSpans  # noqa: PLC0415 - imports a driver, which other stores do without

        self._on_close.append(StatementSpans(self._tracer).close)

    def instrument_pymongo(self) -> None:
        """Create spans for the commands of the clients that are created from now on."""
        from hexaccount_otel.mongo import CommandSpans  # noqa: PLC0415 - imports a driver, which other stores do without

        self._on_close.append(CommandSpans(self._tracer).close)

    def redis_client(self) -> "type[Redis]":
        """Return a class of Redis clients that create a span for each command."""
        from hexaccount_otel.redis import traced_client  # noqa: PLC0415 - imports a driver, which other stores do without

        return traced_client(self._tracer)

    def close(self) -> None:
        """Create no more spans, and send the queued ones within `_SHUTDOWN_TIMEOUT`."""
        for close in self._on_close:
            close()
        # In a thread, as the shutdown of the provider may take 30 s and has no timeout.
        sending = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        sending.start()
        sending.join(_SHUTDOWN_TIMEOUT)
