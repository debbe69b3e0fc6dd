from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Tracer, get_current_span, use_span

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.subscribers import PublishingSubscriber, Subscriber
from hexaccount_otel.failures import note_failure
from hexaccount_otel.traceparent import context_of, traceparent_of


class TracedSubscriber(Subscriber):
    """Makes each delivery of an event a span in the trace in which the event was made, however much later that is.

    The conventions for messaging let such a span be a child of the context in which a message was created, or link to
    it from a trace of its own. It is a child here, so that one trace shows all that came of a request. What is done
    inside is shown below a delivery of one event; of several, which belong to several traces, it would be shown below
    the wrong ones.
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
        """Return the types it is owed."""
        return self._inner.event_types

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Bring the subscriber these events."""
        with ExitStack() as spans:
            delivered = [spans.enter_context(self._delivering(entry, len(entries))) for entry in entries]
            self._inner.deliver(delivered)

    @contextmanager
    def _delivering(self, entry: JournalEntry, together: int) -> Iterator[JournalEntry]:
        """Give the event as it is to be delivered; what a handler makes of it is a consequence of this delivery."""
        made_in = context_of(entry.traceparent)
        if not get_current_span(made_in).get_span_context().trace_flags.sampled:
            yield entry
            return
        span = self._begin(entry, made_in, together)
        given = entry if self._publishes else replace(entry, traceparent=traceparent_of(span))
        try:
            if together == 1:
                with use_span(span, record_exception=False, set_status_on_exception=False):
                    yield given
            else:
                yield given
        except Exception as error:  # of any kind, as it is raised again
            note_failure(span, error)
            raise
        finally:
            span.end()

    def _begin(self, entry: JournalEntry, made_in: Context, together: int) -> Span:
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
        if together > 1:
            attributes["messaging.batch.message_count"] = together
        return self._tracer.start_span(f"{verb} {self.name}", made_in, kind, attributes=attributes)
