"""The form of lines, which no value can break or forge."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.structlog.conftest import FORGERY, Log
from tests.adapters.structlog.test_documents import TRACE, TRACE_ID

TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.mark.parametrize("log_fixture", ["json_log", "text_log"])
@pytest.mark.parametrize(
    "arguments", [("%s", FORGERY), (FORGERY,), ("half a pair: %s", "\ud800"), ("%s", ["ä", "\x9b"])]
)
def test_no_value_ends_a_line_or_controls_a_terminal(
    request: pytest.FixtureRequest, log_fixture: str, arguments: tuple[Any, ...]
) -> None:
    log: Log = request.getfixturevalue(log_fixture)
    log.logger.info(*arguments)
    line = log.read_line()
    assert len(line.splitlines()) == 1
    assert line.isprintable()


@given(st.text(), st.booleans())
def test_any_text_is_one_line_and_json_preserves_it(value: str, text: bool) -> None:
    log = Log(text=text)
    try:
        log.logger.info("%s", value)
        line = log.read_line()
    finally:
        log.close()
    assert line.isprintable()
    if not text:
        assert json.loads(line)["message"] == value.encode(errors="backslashreplace").decode()


def test_a_line_of_text_begins_with_time_and_level_and_ends_with_logger_and_ids(text_log: Log) -> None:
    text_log.log_request(traceparent=TRACE, route="/health", status=200)
    ids = rf"request=one trace={TRACE_ID}"
    expected = rf"{TIMESTAMP} \[info     \] GET /health 200 in \d+\.\d ms \[hexaccount\.requests\] {ids}"
    assert re.fullmatch(expected, text_log.read_line())


def test_the_stack_trace_of_an_error_is_indented_below_its_line(text_log: Log) -> None:
    text_log.log_error(LookupError(FORGERY))
    first, *rest = text_log.read_lines()
    assert "it failed" in first
    assert rest
    assert all(line.startswith("    ") for line in rest)
    assert any(line.startswith("    LookupError: 2026-11-27T06:45") for line in rest)


def test_only_the_renderer_colors() -> None:
    log = Log(text=True, colors=True)
    log.logger.info("a red \x1b[31mherring")
    line = log.read_line()
    log.close()
    assert "\x1b[0m" in line
    assert "\\x1b[31m" in line
