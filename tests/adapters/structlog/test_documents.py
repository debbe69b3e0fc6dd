"""The fields of requests, records and errors in JSON."""

import json
import os
import threading

from hexaccount.kernel.causation import Cause, caused_by
from hexaccount_flask.web.middleware import RequestContext
from tests.adapters.structlog.conftest import FORGERY, Log

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACE = f"00-{TRACE_ID}-{SPAN_ID}-01"


def test_a_request_is_one_line_with_its_ids_route_outcome_and_duration(json_log: Log) -> None:
    json_log.log_request(traceparent=TRACE, route="/api/v1/users/<user_id>", status=404, code="user_not_found")
    document = json_log.read_document()
    assert list(document)[:3] == ["@timestamp", "log.level", "message"]
    assert document["message"].startswith("GET /api/v1/users/<user_id> 404 user_not_found in ")
    assert document["event.duration"] > 0
    for changing in ("@timestamp", "message", "event.duration"):
        del document[changing]
    assert document == {
        "log.level": "info",
        "ecs.version": "8.17.0",
        "service.name": "hexaccount",
        "event.dataset": "hexaccount",
        "log.logger": "hexaccount.requests",
        "process.pid": os.getpid(),
        "http.request.id": "one",
        "http.request.method": "GET",
        "http.response.status_code": 404,
        "event.outcome": "failure",
        "error.code": "user_not_found",
        "labels.route": "/api/v1/users/<user_id>",
        "trace.id": TRACE_ID,
        "span.id": SPAN_ID,
    }


def test_a_successful_request_has_no_error_code_and_one_without_a_route_no_label(json_log: Log) -> None:
    json_log.log_request(status=204)
    document = json_log.read_document()
    assert (document["event.outcome"], document["message"][:20]) == ("success", "GET (no route) 204 i")
    assert not document.keys() & {"error.code", "labels.route", "trace.id", "span.id"}


def test_a_request_that_is_refused_before_it_is_read_is_logged(json_log: Log) -> None:
    json_log.requests.refused("two", 413, "body_too_large")
    document = json_log.read_document()
    assert document["http.request.id"] == "two"
    assert document["http.response.status_code"] == 413
    assert document["error.code"] == "body_too_large"
    assert document["message"] == "refused with 413 body_too_large"


def test_a_record_has_the_ids_of_the_current_request_and_trace(json_log: Log) -> None:
    with (
        json_log.requests(RequestContext("GET", "three", None)),
        caused_by(Cause(request_id="three", traceparent=TRACE)),
    ):
        json_log.logger.warning("late by %d s", 7)
    record, _ = map(json.loads, json_log.read_lines())
    assert {name: record[name] for name in ("message", "log.level", "log.logger", "process.thread.name")} == {
        "message": "late by 7 s",
        "log.level": "warning",
        "log.logger": "hexaccount.some",
        "process.thread.name": threading.current_thread().name,
    }
    assert (record["http.request.id"], record["trace.id"], record["span.id"]) == ("three", TRACE_ID, SPAN_ID)
    json_log.logger.info("outside")
    assert not json_log.read_document().keys() & {"http.request.id", "trace.id", "span.id"}


def test_an_error_has_its_type_message_and_stack_trace_without_the_values_of_variables(json_log: Log) -> None:
    json_log.log_error(LookupError(FORGERY))
    line = json_log.read_line()
    document = json.loads(line)
    assert (document["error.type"], document["error.message"]) == ("LookupError", FORGERY)
    assert "in fail\n" in document["error.stack_trace"]
    assert 'secret = "never' not in line


def test_an_error_of_another_module_has_its_qualified_name(json_log: Log) -> None:
    json_log.log_error(json.JSONDecodeError("it failed", "", 0))
    assert json_log.read_document()["error.type"] == "json.decoder.JSONDecodeError"


def test_a_record_that_does_not_fit_its_arguments_is_reported_without_them(json_log: Log) -> None:
    json_log.logger.warning("%d of %s", "a secret")  # noqa: PLE1206 - as the test's name says
    document = json_log.read_document()
    assert document["message"].startswith("a record of hexaccount.some (test_documents.py:")
    assert "secret" not in json.dumps(document)


def test_long_texts_lose_their_middle(json_log: Log) -> None:
    json_log.log_error(LookupError("x" * 50_000), "y" * 50_000)
    assert len(json_log.read_line()) < 32_000


def test_a_record_may_have_further_fields(json_log: Log) -> None:
    json_log.logger.info("refused", extra={"ecs": {"event.category": ["authentication"], "http.request.id": "four"}})
    document = json_log.read_document()
    assert (document["event.category"], document["http.request.id"]) == (["authentication"], "four")
