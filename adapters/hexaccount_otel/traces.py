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

_PATIENCE = 3.0
"""Seconds that a process which ends gives the collector to take its last spans."""

_NAME = "service.name"


class Traces:
    """The spans of one process, on their way to a collector; to be made in the process that makes them.

    They wait in a queue of at most 2,048, from which a thread of its own sends them. What does not fit in, because the
    collector is away or slow, is lost: nothing waits for it, and nothing fails. More may be said in the variables of
    OpenTelemetry, such as OTEL_EXPORTER_OTLP_HEADERS, OTEL_RESOURCE_ATTRIBUTES and OTEL_BSP_MAX_QUEUE_SIZE.
    """

    def __init__(self, endpoint: str, *, ratio: float) -> None:
        """Take where the collector is, without /v1/traces, and how many of the traces that begin here are kept."""
        # What it warns of besides is that it tries again, and how often.
        logging.getLogger("opentelemetry").setLevel(logging.ERROR)
        told = OTELResourceDetector().detect().attributes
        resource = Resource.create({_NAME: told.get(_NAME, "hexaccount"), "process.pid": os.getpid()})
        sampler = ParentBased(TraceIdRatioBased(ratio))
        self._provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("hexaccount")
        self._ends: list[Callable[[], None]] = []
        self.requests = RequestSpans(self._tracer)
        self.messages = MessageSpans(self._tracer)

    def subscriber(self, inner: Subscriber) -> Subscriber:
        """Return a subscriber whose deliveries are spans."""
        return TracedSubscriber(inner, self._tracer)

    def watch_sqlalchemy(self) -> None:
        """Make spans of the statements of SQLAlchemy."""
        from hexaccount_otel.sql import StatementSpans  # noqa: PLC0415 - only who uses it imports it

        self._ends.append(StatementSpans(self._tracer).close)

    def watch_pymongo(self) -> None:
        """Make spans of the commands of pymongo's clients that are made from now on."""
        from hexaccount_otel.mongo import CommandSpans  # noqa: PLC0415 - only who uses it imports it

        self._ends.append(CommandSpans(self._tracer).close)

    def redis_client(self) -> "type[Redis]":
        """Return a client of Redis whose commands are spans."""
        from hexaccount_otel.redis import traced_client  # noqa: PLC0415 - only who uses it imports it

        return traced_client(self._tracer)

    def close(self) -> None:
        """Send what is left, as far as the collector takes it soon, and make no more spans."""
        for end in self._ends:
            end()
        # The provider's own end waits for up to half a minute, and nobody who stops a service should.
        sending = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        sending.start()
        sending.join(_PATIENCE)
