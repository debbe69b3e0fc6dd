"""What becomes a span, in which trace, and what it tells."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher, ReceiverUnavailable
from hexaccount.events.subscribers import PublishingSubscriber, Subscriber
from hexaccount.kernel.causation import current_cause
from hexaccount_flask.exchange import Exchange
from hexaccount_otel import Traces
from tests.adapters.otel.conftest import Collected
from tests.adapters.told_events import JULIET, events
from tests.servers.otlp import attributes_of

SECRET = "correct horse battery"
TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE_ID}-{SPAN_ID}-01", f"00-{TRACE_ID}-{SPAN_ID}-00"
MESSAGE = GetUser(reference=str(JULIET))


def answer(traces: Traces, traceparent: str | None = None, **outcome: Any) -> Exchange:
    """Answer a request by handling a message."""
    exchange = Exchange("GET", "one", traceparent)
    with traces.requests(exchange):
        traces.messages(MESSAGE, lambda: None)
        for name, value in outcome.items():
            setattr(exchange, name, value)
    return exchange


def is_kept(flags: str) -> bool:
    """Tell what the flags of a trace context say; others than the first may be set too."""
    return bool(int(flags, 16) & 1)


def refuse() -> None:
    raise UserNotFound


def fail() -> None:
    raise ZeroDivisionError(SECRET)


def test_a_request_is_a_part_of_the_clients_trace_and_its_messages_are_parts_of_it(collected: Collected) -> None:
    exchange = answer(collected.traces, SAMPLED, route="/api/v1/me", status=200)
    request, message = collected.spans()
    assert (request.name, request.kind, message.name) == ("GET /api/v1/me", Span.SPAN_KIND_SERVER, "GetUser")
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE_ID, SPAN_ID)
    assert (message.trace_id, message.parent_span_id) == (request.trace_id, request.span_id)
    assert exchange.traceparent == f"00-{TRACE_ID}-{request.span_id.hex()}-01"


def test_what_a_message_causes_was_made_in_its_span(collected: Collected) -> None:
    cause = collected.traces.messages(MESSAGE, current_cause)
    (message,) = collected.spans()
    version, *ids, flags = cause.traceparent.split("-")
    assert (version, ids, is_kept(flags)) == ("00", [message.trace_id.hex(), message.span_id.hex()], True)


@pytest.mark.parametrize(
    ("status", "code", "error_type"), [(500, "internal_error", "internal_error"), (503, "", "503")]
)
def test_what_the_service_could_not_do_is_a_failure(
    collected: Collected, status: int, code: str, error_type: str
) -> None:
    answer(collected.traces, status=status, code=code)
    request, _ = collected.spans()
    assert (request.status.code, attributes_of(request)["error.type"]) == (Status.STATUS_CODE_ERROR, error_type)
    assert request.name == "GET"


def test_what_a_client_got_wrong_is_none(collected: Collected) -> None:
    answer(collected.traces, status=404, code="not_found")
    request, _ = collected.spans()
    assert (request.status.code, attributes_of(request)["hexaccount.problem"]) == (
        Status.STATUS_CODE_UNSET, "not_found",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("call", "outcome", "failed"),
    [(lambda: None, "done", False), (refuse, "refused: user_not_found", False), (fail, "failed", True)],
)
def test_a_message_tells_how_it_ended_and_not_what_an_error_says(
    collected: Collected, call: Callable[[], None], outcome: str, failed: bool
) -> None:
    with suppress(UserNotFound, ZeroDivisionError):
        collected.traces.messages(MESSAGE, call)
    (message,) = collected.spans()
    assert attributes_of(message)["hexaccount.outcome"] == outcome
    assert (message.status.code == Status.STATUS_CODE_ERROR) == failed
    assert SECRET not in str(message)
    assert not message.events


def test_of_traces_that_begin_here_a_part_is_kept_and_of_those_of_others_what_they_keep(
    collect: Callable[..., Collected],
) -> None:
    collected = collect(ratio=0)
    dropped = answer(collected.traces)
    assert dropped.traceparent is not None
    assert not is_kept(dropped.traceparent[-2:])
    answer(collected.traces, UNSAMPLED)
    answer(collected.traces, SAMPLED)
    assert {span.trace_id.hex() for span in collected.spans()} == {TRACE_ID}
    assert len(collected.spans()) == 2


@dataclass
class Keeping(EventPublisher):
    """Keeps what it is given, or cannot be reached."""

    given: list[JournalEntry] = field(default_factory=list)
    away: bool = False

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        self.given += entries
        if self.away:
            raise ReceiverUnavailable(SECRET)

    def close(self) -> None: ...


@dataclass
class Handling(Subscriber):
    """A subscriber that is no publisher."""

    name: str = "profiles"
    event_types: tuple[str, ...] = ("*",)
    given: list[JournalEntry] = field(default_factory=list)

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        self.given += entries


def made_in(traceparent: str | None, number: int = 1) -> list[JournalEntry]:
    return [replace(entry, traceparent=traceparent) for entry in events(number)]


def test_an_event_is_published_as_it_was_made_and_in_that_trace(collected: Collected) -> None:
    publisher, entries = Keeping(), made_in(SAMPLED)
    collected.traces.subscriber(PublishingSubscriber("kafka://one:9092/topic", publisher)).deliver(entries)
    (sent,) = collected.spans()
    assert publisher.given == entries
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


def test_what_a_handler_makes_of_an_event_was_made_in_its_delivery(collected: Collected) -> None:
    handling = Handling()
    collected.traces.subscriber(handling).deliver(made_in(SAMPLED))
    (processed,) = collected.spans()
    assert (processed.name, processed.kind) == ("process profiles", Span.SPAN_KIND_CONSUMER)
    assert handling.given[0].traceparent == f"00-{TRACE_ID}-{processed.span_id.hex()}-01"


@pytest.mark.parametrize("traceparent", [None, UNSAMPLED])
def test_an_event_without_a_trace_that_is_kept_begins_none(collected: Collected, traceparent: str | None) -> None:
    handling, entries = Handling(), made_in(traceparent)
    collected.traces.subscriber(handling).deliver(entries)
    assert collected.spans() == []
    assert handling.given == entries


def test_a_delivery_that_fails_is_a_failure_whose_reason_is_not_told(collected: Collected) -> None:
    subscriber = collected.traces.subscriber(PublishingSubscriber("webhook:crm", Keeping(away=True)))
    with pytest.raises(ReceiverUnavailable):
        subscriber.deliver(made_in(SAMPLED, 2))
    sent = collected.spans()
    assert {attributes_of(span)["messaging.batch.message_count"] for span in sent} == {2}
    assert [attributes_of(span)["error.type"] for span in sent] == ["ReceiverUnavailable"] * 2
    assert not [span for span in sent if SECRET in str(span)]


def statements(engine: sa.Engine) -> None:
    with engine.connect() as connection, suppress(sa.exc.OperationalError):
        connection.execute(sa.text("SELECT :secret AS one"), {"secret": SECRET})
        connection.execute(sa.text("UPDATE nothing SET one = :secret"), {"secret": SECRET})


def test_a_statement_is_a_span_within_another_one_only_and_tells_no_value(collected: Collected) -> None:
    traces, engine = collected.traces, sa.create_engine("sqlite://")
    traces.watch_sqlalchemy()
    statements(engine)
    traces.messages(MESSAGE, lambda: statements(engine))
    message, read, written = collected.spans()
    statements(engine)
    engine.dispose()
    assert {read.parent_span_id, written.parent_span_id} == {message.span_id}
    assert attributes_of(read) == {
        "db.system.name": "sqlite",
        "db.operation.name": "SELECT",
        "db.query.summary": "SELECT",
        "db.query.text": "SELECT ? AS one",
    }
    told = attributes_of(written)
    assert (written.name, told["db.collection.name"], told["error.type"]) == (
        "UPDATE nothing",
        "nothing",
        "OperationalError",
    )
    assert not [span for span in (read, written) if SECRET in str(span)]
