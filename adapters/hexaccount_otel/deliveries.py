from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Tracer, get_current_span, use_span

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.subscribers import PublishingSubscriber, Subscriber
from hexaccount_otel.failures import record_failure
from hexaccount_otel.traceparent import context_of, traceparent_of


class TracedSubscriber(Subscriber):
    """Creates a span for each delivery of an event, as a child of the span in which the event was recorded.

    The conventions for messaging allow a child or a link; with a child, one trace shows all consequences of a request.
    The span is the current one while the inner subscriber works only if one event is delivered: a batch belongs to
    several traces.
    https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
    """

    def __init__(self, inner: Subscriber, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer
        self._publishes = isinstance(inner, PublishingSubscriber)

    @property
    def name(self) -> str:
        """Return the name of the subscriber."""
        return self._inner.name

    @property
    def event_types(self) -> Collection[str]:
        """Return the types of events to deliver."""
        return self._inner.event_types

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Deliver the events; raises what the inner subscriber raises."""
        with ExitStack() as spans:
            delivered = [spans.enter_context(self._delivering(entry, len(entries))) for entry in entries]
            self._inner.deliver(delivered)

    @contextmanager
    def _delivering(self, entry: JournalEntry, batch_size: int) -> Iterator[JournalEntry]:
        """Yield the event to deliver; one that is handled here carries this span, as the cause of what follows."""
        parent = context_of(entry.traceparent)
        if not get_current_span(parent).get_span_context().trace_flags.sampled:
            yield entry
            return
        span = self._start_span(entry, parent, batch_size)
        delivered = entry if self._publishes else entry._replace(traceparent=traceparent_of(span))
        try:
            if batch_size == 1:
                with use_span(span, record_exception=False, set_status_on_exception=False):
                    yield delivered
            else:
                yield delivered
        except Exception as error:
            record_failure(span, error)
            raise
        finally:
            span.end()

    def _start_span(self, entry: JournalEntry, parent: Context, batch_size: int) -> Span:
        system, separator, _ = self.name.partition("://")
        verb, kind = ("send", SpanKind.PRODUCER) if self._publishes else ("process", SpanKind.CONSUMER)
        attributes: dict[str, str | int] = {
            "messaging.system": system if separator else "hexaccount",
            "messaging.operation.type": verb,
            "messaging.operation.name": verb,
            "messaging.destination.name": self.name,
            "messaging.message.id": str(entry.id),
            "cloudevents.event_id": str(entry.id),
            "cloudevents.event_type": entry.type,
        }
        if batch_size > 1:
            attributes["messaging.batch.message_count"] = batch_size
        return self._tracer.start_span(f"{verb} {self.name}", parent, kind, attributes=attributes)
