"""One trace, from a request to the header of a Kafka message, as a collector receives it."""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.people import registration_form
from tests.servers import forked
from tests.servers.kafka import all_messages, headers_of
from tests.servers.mongo import temporary_mongo_database
from tests.servers.otlp import OtlpReceiver, attributes_of
from tests.servers.postgres import temporary_database
from tests.servers.processes import RunningCommand
from tests.service.account import Account
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

REGISTER = "POST /api/v1/public/register"
REGISTERED = "hexaccount.user.registered.v1"
CREATED = "hexaccount.profile.created.v1"
PROFILE = "profile-of-a-registered-user"
NAME = "zebulon.7f3a"
# The commands of a store during a registration, each with its parent span.
STORE_SPANS = {
    "postgresql": {
        ("RegisterUser", "INSERT account_keys users journal deliveries"),
        (f"process {PROFILE}", "SELECT profiles"),
    },
    "mongodb": {
        ("RegisterUser", "insert users"),
        ("RegisterUser", "insert journal"),
        (f"process {PROFILE}", "find profiles"),
    },
}


@pytest.fixture
def collector() -> Iterator[OtlpReceiver]:
    with OtlpReceiver() as receiver:
        yield receiver


@pytest.fixture
def server_settings(collector: OtlpReceiver, kafka_topic: str, redis_url: str) -> dict[str, str]:
    """Return the settings that name the servers."""
    return {
        "HEXACCOUNT_CACHE": redis_url,
        "HEXACCOUNT_EVENTS": json.dumps([kafka_topic]),
        "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
        "HEXACCOUNT_LOG__FORMAT": "text",
        "HEXACCOUNT_TRACING__ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }


@pytest.fixture
def relaying(tmp_path: Path, environment: dict[str, str]) -> Callable[..., Any]:
    """Return a context manager that runs a relay."""

    @contextmanager
    def relay(**settings: str) -> Iterator[None]:
        env = {**environment, **settings}
        with forked.running(["relay"], output=tmp_path / "relay", env=env, cwd=tmp_path) as command:
            yield
            assert command.terminate() == 0

    return relay


@pytest.fixture(params=["postgresql", pytest.param("mongodb", marks=pytest.mark.slow)])
def running(
    request: pytest.FixtureRequest,
    server_settings: dict[str, str],
    hexaccount: Callable[..., Any],
    relaying: Callable[..., Any],
    serving: Callable[..., Any],
) -> Iterator[tuple[RunningCommand, str]]:
    """Start a service on each shared store, on MongoDB with a separate relay; yield its process and URL."""
    temporary, server = {
        "postgresql": (temporary_database, "postgres_server"),
        "mongodb": (temporary_mongo_database, "mongo_server"),
    }[request.param]
    with ExitStack() as stack:
        settings = {
            "HEXACCOUNT_STORE": stack.enter_context(temporary(request.getfixturevalue(server))),
            **server_settings,
        }
        assert hexaccount("migrate", **settings).returncode == 0
        if request.param == "mongodb":
            stack.enter_context(relaying(**settings))
            settings["HEXACCOUNT_RELAY__ENABLED"] = "false"
        yield stack.enter_context(serving(**settings))


def of_trace(spans: Sequence[Span], trace_id: str) -> list[Span]:
    return [span for span in spans if span.trace_id.hex() == trace_id]


def message_of(topic: str, event_type: str) -> dict[str, str]:
    """Return the headers of the one message with an event of this type."""
    deadline = time.monotonic() + 30
    while True:
        found = [headers for headers in map(headers_of, all_messages(topic)) if headers["ce_type"] == event_type]
        if found:
            (headers,) = found
            return dict(headers)
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_one_trace_reaches_from_a_request_to_the_header_of_a_message(
    request: pytest.FixtureRequest, running: tuple[RunningCommand, str], collector: OtlpReceiver, kafka_topic: str
) -> None:
    command, url = running
    trace_id, client = secrets.token_hex(16), secrets.token_hex(8)
    account = Account(url, NAME)
    form = registration_form(NAME, password=account.password, first_name="Zebulon", last_name="Pike")
    traced = {"traceparent": f"00-{trace_id}-{client}-01"}
    path = f"{url}/api/v1/public/register"
    registered = requests.post(path, json=form, headers=traced, timeout=20)
    assert registered.status_code == 201
    assert requests.post(path, json=form, headers=traced, timeout=20).status_code == 409

    created = message_of(kafka_topic, CREATED)
    send = f"send {kafka_topic}"
    spans = of_trace(
        collector.wait_for(
            lambda found: (
                [span.name for span in of_trace(found, trace_id)].count(send) == 2
                and [span.name for span in of_trace(found, trace_id)].count(REGISTER) == 2
            )
        ),
        trace_id,
    )
    by_id = {span.span_id.hex(): span for span in spans}
    tree = {(by_id[parent].name, span.name) for span in spans if (parent := span.parent_span_id.hex()) in by_id}

    # From the request to its messages, their commands to store and cache, and the deliveries of their events.
    assert {span.name for span in spans if span.parent_span_id.hex() not in by_id} == {REGISTER}
    assert {span.parent_span_id.hex() for span in spans if span.name == REGISTER} == {client}
    assert tree >= {
        (REGISTER, "AcquirePermit"),
        ("AcquirePermit", "EVALSHA"),
        (REGISTER, "RegisterUser"),
        ("RegisterUser", f"process {PROFILE}"),
        ("RegisterUser", send),
        (f"process {PROFILE}", send),
        *STORE_SPANS[request.node.callspec.params["running"]],
    }
    (first, second) = sorted(
        (span for span in spans if span.name == REGISTER), key=lambda span: span.start_time_unix_nano
    )
    assert attributes_of(first) == {
        "http.request.method": "POST",
        "http.route": "/api/v1/public/register",
        "http.response.status_code": 201,
        "http.response.header.x-request-id": [registered.headers["X-Request-ID"]],
    }
    assert attributes_of(second)["hexaccount.problem"] == "user_name_taken"

    # A message carries the context in which its event was recorded, so that its consumer can continue the trace.
    header = message_of(kafka_topic, REGISTERED)["ce_traceparent"].split("-")
    assert (header[1], by_id[header[2]].name, header[3]) == (trace_id, "RegisterUser", "01")
    header = created["ce_traceparent"].split("-")
    assert (header[1], by_id[header[2]].name, header[3]) == (trace_id, f"process {PROFILE}", "01")
    assert {span.kind for span in spans if span.name == send} == {Span.SPAN_KIND_PRODUCER}

    # A taken name is no failure of the service, and no span contains a name, not even from an error of the store.
    failed = {span.name for span in spans if span.status.code == Status.STATUS_CODE_ERROR}
    assert not failed & {REGISTER, "RegisterUser"}
    assert not [span.name for span in collector.spans if NAME in str(span) or "Zebulon" in str(span)]
    assert {resource["service.name"] for resource in collector.resources} == {"hexaccount"}
    assert f"trace={trace_id}" in command.output


def test_an_unreachable_collector_delays_neither_requests_nor_the_stop(
    serving: Callable[..., Any],
) -> None:
    with OtlpReceiver() as gone:
        endpoint = gone.url
    impatient = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with serving(HEXACCOUNT_TRACING__ENDPOINT=endpoint, **impatient) as (command, url):
        ada = Account(url, "ada")
        assert ada.register().status_code == 201
        token = ada.log_in()
        deadline = time.monotonic() + 30
        while "Failed to export" not in command.output:
            assert ada.get("/api/v1/me", token).status_code == 200
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert command.terminate() == 0
