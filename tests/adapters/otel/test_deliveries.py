"""Spans of the deliveries of events."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher, ReceiverUnavailable
from hexaccount.events.subscribers import PublishingSubscriber, Subscriber
from tests.adapters.otel.conftest import Collected
from tests.adapters.otel.test_spans import SAMPLED, SECRET, SPAN_ID, TRACE_ID, UNSAMPLED
from tests.adapters.sample_events import events
from tests.servers.otlp import attributes_of


@dataclass
class FakePublisher(EventPublisher):
    """Stores events, or is unreachable."""

    published: list[JournalEntry] = field(default_factory=list)
    unreachable: bool = False

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        self.published += entries
        if self.unreachable:
            raise ReceiverUnavailable(SECRET)

    def close(self) -> None: ...


@dataclass
class FakeSubscriber(Subscriber):
    """Stores events; not a publisher."""

    name: str = "profiles"
    event_types: tuple[str, ...] = ("*",)
    delivered: list[JournalEntry] = field(default_factory=list)

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        self.delivered += entries


def recorded_in(traceparent: str | None, number: int = 1) -> list[JournalEntry]:
    return [entry._replace(traceparent=traceparent) for entry in events(number)]


def test_an_event_is_published_unchanged_in_the_trace_that_recorded_it(collected: Collected) -> None:
    publisher, entries = FakePublisher(), recorded_in(SAMPLED)
    collected.traces.subscriber(PublishingSubscriber("kafka://one:9092/topic", publisher)).deliver(entries)
    (sent,) = collected.spans()
    assert publisher.published == entries
    assert (sent.trace_id.hex(), sent.parent_span_id.hex(), sent.kind) == (TRACE_ID, SPAN_ID, Span.SPAN_KIND_PRODUCER)
    assert attributes_of(sent) == {
        "messaging.system": "kafka",
        "messaging.operation.type": "send",
        "messaging.operation.name": "send",
        "messaging.destination.name": "kafka://one:9092/topic",
        "messaging.message.id": str(entries[0].id),
        "cloudevents.event_id": str(entries[0].id),
        "cloudevents.event_type": "hexaccount.profile.updated.v1",
    }


def test_a_handler_receives_the_context_of_its_delivery(collected: Collected) -> None:
    subscriber = FakeSubscriber()
    collected.traces.subscriber(subscriber).deliver(recorded_in(SAMPLED))
    (processed,) = collected.spans()
    assert (processed.name, processed.kind) == ("process profiles", Span.SPAN_KIND_CONSUMER)
    assert subscriber.delivered[0].traceparent == f"00-{TRACE_ID}-{processed.span_id.hex()}-01"


@pytest.mark.parametrize("traceparent", [None, UNSAMPLED])
def test_an_event_without_a_sampled_trace_starts_none(collected: Collected, traceparent: str | None) -> None:
    subscriber, entries = FakeSubscriber(), recorded_in(traceparent)
    collected.traces.subscriber(subscriber).deliver(entries)
    assert collected.spans() == []
    assert subscriber.delivered == entries


def test_a_failed_delivery_is_a_failure_without_its_text(collected: Collected) -> None:
    subscriber = collected.traces.subscriber(PublishingSubscriber("webhook:crm", FakePublisher(unreachable=True)))
    with pytest.raises(ReceiverUnavailable):
        subscriber.deliver(recorded_in(SAMPLED, 2))
    sent = collected.spans()
    assert {attributes_of(span)["messaging.batch.message_count"] for span in sent} == {2}
    assert [attributes_of(span)["error.type"] for span in sent] == ["ReceiverUnavailable"] * 2
    assert not [span for span in sent if SECRET in str(span)]
