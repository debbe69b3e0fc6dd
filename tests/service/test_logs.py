"""The log of a service through all that happens to it, as machines read it."""

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.config import elk
from tests.servers.elasticsearch import Elasticsearch, running_elasticsearch
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand, console_command
from tests.service.conftest import Account, without_settings

pytestmark = pytest.mark.long

STREAMS = SHIPPED, PLAIN, SEARCHED = [f"logs-hexaccount-test.{kind}" for kind in ("shipped", "plain", "searched")]
SAID = re.compile(r"made a signing key in .+|the schema is version \d+|listening on .+|stopping")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
IN_A_PATH, IN_A_QUERY = "01a2042f-6ad2-7003-9b5b-25c9d4a7a06c", "7003-9b5b-in-a-query"
LOGIN = "/api/v1/public/login"


@dataclass(frozen=True)
class Story:
    """What was done to a service, and what it logged."""

    lines: list[dict[str, Any]]
    answered: list[tuple[str, str, int]]
    """The request id, the method and the status of each answer."""

    def line_of(self, request_id: str) -> dict[str, Any]:
        (line,) = [line for line in self.requests() if line["http.request.id"] == request_id]
        return line

    def requests(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["log.logger"] == "hexaccount.requests"]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "HEXACCOUNT_PASSWORD__COST": "4",
        "HEXACCOUNT_LOG__LEVEL": "debug",
        "HEXACCOUNT_EVENTS": f'["kafka://127.0.0.1:{free_port()}/nobody"]',
    }
    argv = [*console_command("hexaccount"), "http", "--port", str(port), "--workers", "2"]
    with without_settings(), RunningCommand(argv, output=folder / "output", env=settings, cwd=folder) as command:
        command.wait_for_ok(f"{url}/ready", timeout=60)
        answered = happen(url, folder / "hexaccount-data" / "hexaccount.db")
        wait_for(lambda: "the relay of kafka://" in command.output)
        assert command.terminate() == 0
        yield Story(list(map(json.loads, json_lines(command.output))), answered)


def json_lines(output: str) -> list[str]:
    """Return what was logged; besides it there is only what the command says to people, on standard output."""
    lines = output.splitlines()
    assert [line for line in lines if not line.startswith("{") and not SAID.fullmatch(line)] == []
    return [line for line in lines if line.startswith("{")]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def happen(url: str, database: Path) -> list[tuple[str, str, int]]:
    """Do what people do, well and badly, and return how it was answered."""
    answered = []

    def note(answer: requests.Response, status: int) -> Any:
        assert answer.status_code == status, answer.text
        answered.append((answer.headers["X-Request-ID"], str(answer.request.method), status))
        return answer.json()["data"] if status == 200 else None

    def post(path: str, status: int, **options: Any) -> Any:
        return note(requests.post(f"{url}{path}", timeout=20, **options), status)

    def get(path: str, status: int, **options: Any) -> Any:
        return note(requests.get(f"{url}{path}", timeout=20, **options), status)

    ada, bob = Account(url, "ada"), Account(url, "bob")
    note(ada.register(), 201)
    note(bob.register(), 201)
    known = {"user_name": "ada", "password": ada.password}
    tokens = post(LOGIN, 200, json=known, headers={"traceparent": TRACE})
    bearer = {"Authorization": f"Bearer {tokens['access']}"}
    get("/api/v1/me", 200, headers=bearer)
    post(LOGIN, 401, json={**known, "password": "not a long and winding road"})
    tokens = post("/api/v1/public/refresh", 200, json={"refresh": tokens["refresh"]})
    get(f"/api/v1/users/{IN_A_PATH}", 403, headers=bearer)
    get(f"/nothing/{IN_A_PATH}?token={IN_A_QUERY}", 404)
    post(LOGIN, 413, data=b"x" * 70_000)
    bearer_of_bob = bob.log_in()
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE users SET registered_at = 'long ago' WHERE name = 'bob'")
    connection.close()
    get("/api/v1/me", 500, headers=bearer_of_bob)
    post("/api/v1/public/logout", 204, headers=bearer)
    get("/api/v1/me", 401, headers=bearer)
    return answered


def test_every_request_is_logged_once_with_its_outcome_and_without_its_path(story: Story) -> None:
    told = {line["http.request.id"]: line for line in story.requests()}
    assert len(told) == len(story.requests())
    for request_id, method, status in story.answered:
        line = told[request_id]
        assert line["http.response.status_code"] == status
        assert line.get("http.request.method") == (None if status == 413 else method)
    codes = {line["error.code"] for line in told.values() if "error.code" in line}
    assert codes >= {
        "wrong_credentials",
        "insufficient_scope",
        "not_found",
        "body_too_large",
        "internal_error",
        "invalid_token",
    }
    assert {line.get("labels.route") for line in told.values()} == {
        None, "/ready", "/api/v1/public/register", LOGIN, "/api/v1/me", "/api/v1/public/refresh",
        "/api/v1/users/<user_id>", "/api/v1/public/logout",
    }  # fmt: skip
    assert {line["log.level"] for line in told.values()} == {"info"}
    everything = json.dumps(story.lines)
    assert IN_A_PATH not in everything
    assert IN_A_QUERY not in everything


def test_what_a_request_led_to_is_found_by_its_id_and_its_trace(story: Story) -> None:
    (failed,) = [line for line in story.requests() if line["http.response.status_code"] == 500]
    (error,) = [line for line in story.lines if line["log.level"] == "error" and "error.type" in line]
    assert error["http.request.id"] == failed["http.request.id"]
    assert "Traceback (most recent call last):" in error["error.stack_trace"]
    of_the_trace = [line for line in story.lines if line.get("trace.id") == TRACE.split("-")[1]]
    assert {line["log.logger"] for line in of_the_trace} >= {"hexaccount.requests", "hexaccount.bus"}


def test_a_relay_that_waits_says_why(story: Story) -> None:
    waits = [line for line in story.lines if line["log.logger"] == "hexaccount.relay"]
    assert waits
    assert {(line["log.level"], line["process.thread.name"]) for line in waits} == {("warning", "relay")}


@pytest.fixture(scope="module")
def elasticsearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elasticsearch]:
    """Give what speaks Elasticsearch's API, with our pipeline and our template."""
    with running_elasticsearch(tmp_path_factory.mktemp("elasticsearch")) as server:
        if server.has_lifecycles:
            server.put(f"_ilm/policy/{elk.NAME}", elk.ILM_POLICY)
        server.put(f"_ingest/pipeline/{elk.NAME}", elk.INGEST_PIPELINE)
        server.put(f"_index_template/{elk.NAME}", elk.INDEX_TEMPLATE)
        yield server
        for stream in STREAMS:
            server.forget(stream)


def as_shipped(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line with what Filebeat and Logstash add to it."""
    shippers: dict[str, Any] = {
        "agent": {"name": "machine", "type": "filebeat", "version": "8.18.0"},
        "host": {"name": "machine"},
        "log": {"file": {"path": "/var/lib/docker/containers/a/a-json.log", "inode": "1"}},
        "data_stream": {"type": "logs", "dataset": "hexaccount", "namespace": "test.shipped"},
        "tags": ["beats_input_codec_plain_applied"],
    }
    nested = elk.nested(line)
    return {**shippers, **nested, "log": {**shippers["log"], **nested["log"]}}


def test_every_line_is_taken_by_template_and_pipeline_whoever_ships_it_and_nothing_else_is(
    story: Story, elasticsearch: Elasticsearch
) -> None:
    assert {name for line in story.lines for name in line} <= elk.mapped_fields().keys()
    assert elasticsearch.append(SHIPPED, map(as_shipped, story.lines)) == []
    assert elasticsearch.append(PLAIN, story.lines) == []
    assert len(elasticsearch.found(SHIPPED, "*")) == len(elasticsearch.found(PLAIN, "*")) == len(story.lines)
    (error,) = elasticsearch.append(SHIPPED, [{**story.lines[0], "password": "x"}])
    assert error["type"] == "strict_dynamic_mapping_exception"


def test_the_saved_searches_of_kibana_find_what_they_are_for(story: Story, elasticsearch: Elasticsearch) -> None:
    slow = {**story.requests()[0], "event.duration": 1_200_000_000, "http.request.id": "slow"}
    assert elasticsearch.append(SEARCHED, [*story.lines, slow]) == []
    searches = elk.saved_searches()
    (failed_login,) = [line for line in story.requests() if line.get("error.code") == "wrong_credentials"]

    def found(search: str, value: str = "") -> list[dict[str, Any]]:
        return elasticsearch.found(SEARCHED, searches[f"hexaccount-{search}"].replace('"ID"', f'"{value}"'))

    ids = {hit["http"]["request"]["id"] for hit in found("failed-logins")}
    assert ids == {failed_login["http.request.id"]}
    assert {hit["http"]["response"]["status_code"] for hit in found("server-errors")} == {500}
    assert "slow" in {hit["http"]["request"]["id"] for hit in found("slow-requests")}
    of_one = found("one-request", failed_login["http.request.id"])
    assert {hit["log"]["logger"] for hit in of_one} >= {"hexaccount.requests", "hexaccount.bus"}
    assert {hit["trace"]["id"] for hit in found("one-trace", TRACE.split("-")[1])} == {TRACE.split("-")[1]}
    assert {hit["log"]["level"] for hit in found("trouble")} == {"error", "warning"}
