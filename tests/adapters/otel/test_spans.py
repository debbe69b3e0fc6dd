"""Spans of requests, messages and SQL statements."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.kernel.causation import current_cause
from hexaccount_flask.web.middleware import RequestContext
from hexaccount_otel import Traces
from tests.adapters.otel.conftest import Collected
from tests.adapters.sample_events import JULIET
from tests.servers.otlp import attributes_of

SECRET = "what a person has entered"
TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE_ID}-{SPAN_ID}-01", f"00-{TRACE_ID}-{SPAN_ID}-00"
MESSAGE = GetUser(reference=str(JULIET))


def answer(traces: Traces, traceparent: str | None = None, **outcome: Any) -> RequestContext:
    """Answer a request by handling a message."""
    context = RequestContext("GET", "one", traceparent)
    with traces.requests(context):
        traces.messages(MESSAGE, lambda: None)
        for name, value in outcome.items():
            setattr(context, name, value)
    return context


def is_sampled(flags: str) -> bool:
    """Return the sampled flag of a trace context; other flags may be set too."""
    return bool(int(flags, 16) & 1)


def refuse() -> None:
    raise UserNotFound


def fail() -> None:
    raise ZeroDivisionError(SECRET)


def test_a_request_is_a_child_of_the_clients_span_and_the_parent_of_its_messages(collected: Collected) -> None:
    context = answer(collected.traces, SAMPLED, route="/api/v1/me", status=200)
    request, message = collected.spans()
    assert (request.name, request.kind, message.name) == ("GET /api/v1/me", Span.SPAN_KIND_SERVER, "GetUser")
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE_ID, SPAN_ID)
    assert (message.trace_id, message.parent_span_id) == (request.trace_id, request.span_id)
    assert context.traceparent == f"00-{TRACE_ID}-{request.span_id.hex()}-01"


def test_consequences_of_a_message_carry_its_span(collected: Collected) -> None:
    cause = collected.traces.messages(MESSAGE, current_cause)
    (message,) = collected.spans()
    version, *ids, flags = cause.traceparent.split("-")
    assert (version, ids, is_sampled(flags)) == ("00", [message.trace_id.hex(), message.span_id.hex()], True)


@pytest.mark.parametrize(
    ("status", "code", "error_type"), [(500, "internal_error", "internal_error"), (503, "", "503")]
)
def test_a_server_error_is_a_failure(collected: Collected, status: int, code: str, error_type: str) -> None:
    answer(collected.traces, status=status, code=code)
    request, _ = collected.spans()
    assert (request.status.code, attributes_of(request)["error.type"]) == (Status.STATUS_CODE_ERROR, error_type)
    assert request.name == "GET"


def test_a_client_error_is_not_a_failure(collected: Collected) -> None:
    answer(collected.traces, status=404, code="not_found")
    request, _ = collected.spans()
    assert (request.status.code, attributes_of(request)["hexaccount.problem"]) == (
        Status.STATUS_CODE_UNSET, "not_found",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("call", "outcome", "failed"),
    [(lambda: None, "done", False), (refuse, "refused: user_not_found", False), (fail, "failed", True)],
)
def test_a_message_has_its_outcome_but_not_the_text_of_an_error(
    collected: Collected, call: Callable[[], None], outcome: str, failed: bool
) -> None:
    with suppress(UserNotFound, ZeroDivisionError):
        collected.traces.messages(MESSAGE, call)
    (message,) = collected.spans()
    assert attributes_of(message)["hexaccount.outcome"] == outcome
    assert (message.status.code == Status.STATUS_CODE_ERROR) == failed
    assert SECRET not in str(message)
    assert not message.events


def test_the_ratio_applies_to_traces_that_begin_here_and_the_clients_flag_to_its_own(
    collect: Callable[..., Collected],
) -> None:
    collected = collect(ratio=0)
    unsampled = answer(collected.traces)
    assert unsampled.traceparent is not None
    assert not is_sampled(unsampled.traceparent[-2:])
    answer(collected.traces, UNSAMPLED)
    answer(collected.traces, SAMPLED)
    assert {span.trace_id.hex() for span in collected.spans()} == {TRACE_ID}
    assert len(collected.spans()) == 2


def statements(engine: sa.Engine) -> None:
    with engine.connect() as connection, suppress(sa.exc.OperationalError):
        connection.execute(sa.text("SELECT :secret AS one"), {"secret": SECRET})
        connection.execute(sa.text("UPDATE nothing SET one = :secret"), {"secret": SECRET})


def test_a_statement_inside_a_span_has_a_span_without_values(collected: Collected) -> None:
    traces, engine = collected.traces, sa.create_engine("sqlite://")
    traces.instrument_sqlalchemy()
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
    attributes = attributes_of(written)
    assert (written.name, attributes["db.collection.name"], attributes["error.type"]) == (
        "UPDATE nothing",
        "nothing",
        "OperationalError",
    )
    assert not [span for span in (read, written) if SECRET in str(span)]
