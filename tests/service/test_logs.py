"""The JSON log of a service through a whole scenario."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.config import elk
from tests.servers.elasticsearch import Elasticsearch, running_elasticsearch
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand, console_command
from tests.service.conftest import without_settings
from tests.service.scenario import IN_A_PATH, IN_A_QUERY, LOGIN, TRACE, Scenario, json_lines, run_scenario, wait_for

pytestmark = pytest.mark.long

STREAMS = SHIPPED, PLAIN, SEARCHED = [f"logs-hexaccount-test.{kind}" for kind in ("shipped", "plain", "searched")]


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenario]:
    folder = tmp_path_factory.mktemp("scenario")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "HEXACCOUNT_PASSWORD__COST": "4",
        "HEXACCOUNT_LOG__LEVEL": "debug",
        "HEXACCOUNT_EVENTS": f'["kafka://127.0.0.1:{free_port()}/unreachable"]',
    }
    argv = [*console_command("hexaccount"), "http", "--port", str(port), "--workers", "2"]
    with without_settings(), RunningCommand(argv, output=folder / "output", env=settings, cwd=folder) as command:
        command.wait_for_ok(f"{url}/ready", timeout=60)
        answered = run_scenario(url, folder / "hexaccount-data" / "hexaccount.db")
        wait_for(lambda: "the relay of kafka://" in command.output)
        assert command.terminate() == 0
        yield Scenario(list(map(json.loads, json_lines(command.output))), answered)


def test_every_request_is_logged_once_with_its_outcome_and_without_its_path(scenario: Scenario) -> None:
    lines = {line["http.request.id"]: line for line in scenario.requests()}
    assert len(lines) == len(scenario.requests())
    for request_id, method, status in scenario.answered:
        line = lines[request_id]
        assert line["http.response.status_code"] == status
        assert line.get("http.request.method") == (None if status == 413 else method)
    codes = {line["error.code"] for line in lines.values() if "error.code" in line}
    assert codes >= {
        "wrong_credentials",
        "insufficient_scope",
        "not_found",
        "body_too_large",
        "internal_error",
        "invalid_token",
    }
    assert {line.get("labels.route") for line in lines.values()} == {
        None, "/ready", "/api/v1/public/register", LOGIN, "/api/v1/me", "/api/v1/public/refresh",
        "/api/v1/users/<user_id>", "/api/v1/public/logout",
    }  # fmt: skip
    assert {line["log.level"] for line in lines.values()} == {"info"}
    everything = json.dumps(scenario.lines)
    assert IN_A_PATH not in everything
    assert IN_A_QUERY not in everything


def test_records_of_a_request_have_its_id_and_its_trace(scenario: Scenario) -> None:
    (failed,) = [line for line in scenario.requests() if line["http.response.status_code"] == 500]
    (error,) = [line for line in scenario.lines if line["log.level"] == "error" and "error.type" in line]
    assert error["http.request.id"] == failed["http.request.id"]
    assert "Traceback (most recent call last):" in error["error.stack_trace"]
    of_the_trace = [line for line in scenario.lines if line.get("trace.id") == TRACE.split("-")[1]]
    assert {line["log.logger"] for line in of_the_trace} >= {"hexaccount.requests", "hexaccount.bus"}


def test_a_relay_that_cannot_deliver_logs_a_warning(scenario: Scenario) -> None:
    waits = [line for line in scenario.lines if line["log.logger"] == "hexaccount.relay"]
    assert waits
    assert {(line["log.level"], line["process.thread.name"]) for line in waits} == {("warning", "relay")}


@pytest.fixture(scope="module")
def elasticsearch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elasticsearch]:
    """Start a server with Elasticsearch's API, with the pipeline and the template."""
    with running_elasticsearch(tmp_path_factory.mktemp("elasticsearch")) as server:
        if server.has_lifecycles:
            server.put(f"_ilm/policy/{elk.NAME}", elk.ILM_POLICY)
        server.put(f"_ingest/pipeline/{elk.NAME}", elk.INGEST_PIPELINE)
        server.put(f"_index_template/{elk.NAME}", elk.INDEX_TEMPLATE)
        yield server
        for stream in STREAMS:
            server.delete(stream)


def as_shipped(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line with the fields that Filebeat and Logstash add."""
    shippers: dict[str, Any] = {
        "agent": {"name": "machine", "type": "filebeat", "version": "8.18.0"},
        "host": {"name": "machine"},
        "log": {"file": {"path": "/var/lib/docker/containers/a/a-json.log", "inode": "1"}},
        "data_stream": {"type": "logs", "dataset": "hexaccount", "namespace": "test.shipped"},
        "tags": ["beats_input_codec_plain_applied"],
    }
    nested = elk.nested(line)
    return {**shippers, **nested, "log": {**shippers["log"], **nested["log"]}}


def test_template_and_pipeline_accept_every_line_and_no_unknown_field(
    scenario: Scenario, elasticsearch: Elasticsearch
) -> None:
    assert {name for line in scenario.lines for name in line} <= elk.mapped_fields().keys()
    assert elasticsearch.append(SHIPPED, map(as_shipped, scenario.lines)) == []
    assert elasticsearch.append(PLAIN, scenario.lines) == []
    assert len(elasticsearch.search(SHIPPED, "*")) == len(elasticsearch.search(PLAIN, "*")) == len(scenario.lines)
    (error,) = elasticsearch.append(SHIPPED, [{**scenario.lines[0], "password": "x"}])
    assert error["type"] == "strict_dynamic_mapping_exception"


def test_the_saved_searches_of_kibana_find_their_lines(scenario: Scenario, elasticsearch: Elasticsearch) -> None:
    slow = {**scenario.requests()[0], "event.duration": 1_200_000_000, "http.request.id": "slow"}
    assert elasticsearch.append(SEARCHED, [*scenario.lines, slow]) == []
    searches = elk.saved_searches()
    (failed_login,) = [line for line in scenario.requests() if line.get("error.code") == "wrong_credentials"]

    def found(search: str, value: str = "") -> list[dict[str, Any]]:
        return elasticsearch.search(SEARCHED, searches[f"hexaccount-{search}"].replace('"ID"', f'"{value}"'))

    ids = {hit["http"]["request"]["id"] for hit in found("failed-logins")}
    assert ids == {failed_login["http.request.id"]}
    (security,) = found("security")
    assert (security["event"]["action"], security["event"]["category"]) == ("log_in", ["authentication"])
    assert security["http"]["request"]["id"] == failed_login["http.request.id"]
    assert (security["labels"]["network"], len(security["user"]["hash"])) == ("127.0.0.0/24", 43)
    assert {hit["http"]["response"]["status_code"] for hit in found("server-errors")} == {500}
    assert "slow" in {hit["http"]["request"]["id"] for hit in found("slow-requests")}
    of_one_request = found("one-request", failed_login["http.request.id"])
    assert {hit["log"]["logger"] for hit in of_one_request} >= {"hexaccount.requests", "hexaccount.bus"}
    assert {hit["trace"]["id"] for hit in found("one-trace", TRACE.split("-")[1])} == {TRACE.split("-")[1]}
    assert {hit["log"]["level"] for hit in found("trouble")} == {"error", "warning"}
