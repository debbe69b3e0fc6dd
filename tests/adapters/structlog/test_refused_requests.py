"""Clients choose how many requests are refused, so their lines are bounded."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.adapters.structlog.conftest import Log

FLOOD, HOME = "203.0.113.0/24", "192.0.2.0/24"
_REFUSALS = [(400, "malformed"), (401, "not_authenticated"), (404, "not_found"), (429, "too_many_attempts")]


def flood(log: Log, status: int, code: str, network: str | None = FLOOD) -> None:
    for _ in range(50):
        log.log_request(status=status, code=code, network=network)


def documents(log: Log) -> list[dict[str, Any]]:
    return list(map(json.loads, log.read_lines()))


@pytest.mark.parametrize(("status", "code"), [*_REFUSALS, (503, "overloaded")])
def test_one_network_that_is_refused_again_and_again_fills_no_disk_and_hides_no_other(
    json_log: Log, status: int, code: str
) -> None:
    flood(json_log, status, code)
    for other in ({"network": HOME, "code": code}, {"network": FLOOD, "code": "other"}, {"network": None}):
        json_log.log_request(status=status, **other)
    codes = Counter(document.get("error.code") for document in documents(json_log))
    assert codes == {code: 11, "other": 1, None: 1}


@pytest.mark.parametrize("status", [200, 204, 304, 500])
def test_lines_of_successes_and_of_faults_of_the_service_are_all_written(json_log: Log, status: int) -> None:
    flood(json_log, status, "")
    assert len(json_log.read_lines()) == 50


def test_requests_that_are_refused_unread_are_bounded_too(json_log: Log) -> None:
    for number in range(50):
        json_log.requests.refused(str(number), 413, "body_too_large")
    assert len(json_log.read_lines()) == 10


def test_the_next_request_after_a_minute_logs_how_many_lines_of_each_code_were_left_out(json_log: Log) -> None:
    for status, code in _REFUSALS:
        flood(json_log, status, code)
    json_log.read_lines()
    json_log.clock.advance(minutes=1)
    json_log.log_request(status=200)
    *summaries, last = documents(json_log)
    assert last["http.response.status_code"] == 200
    for (status, code), summary in zip(_REFUSALS, summaries, strict=True):
        assert summary["message"] == (
            f"{status} {code}: 40 lines left out, networks 1, most of them (40) from 203.0.113.0/24"
        )
        assert (summary["http.response.status_code"], summary["error.code"]) == (status, code)
        assert (summary["labels.left_out"], summary["labels.network"]) == (40, FLOOD)
    json_log.log_request(status=200)
    assert len(json_log.read_lines()) == 1


def test_the_end_of_a_process_logs_what_was_left_out(text_log: Log) -> None:
    flood(text_log, 404, "not_found", network=None)
    text_log.requests.summarise()
    expected = "404 not_found: 40 lines left out, networks 1, most of them (40) from unknown [hexaccount.requests]"
    assert text_log.read_lines()[-1].endswith(expected)
