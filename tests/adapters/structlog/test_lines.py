"""What a line looks like, and what no value can do to it."""

import io
import json
import logging
import multiprocessing
import os
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.kernel.causation import Cause, caused_by
from hexaccount_flask.exchange import Exchange
from hexaccount_structlog import LineLog, LineStream

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACE = f"00-{TRACE_ID}-{SPAN_ID}-01"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
FORGERY = (
    '2026-11-27T06:45:00.123Z [info     ] GET /api/v1/me 200 in 0.1 ms\n{"message":"forged"}\r\x1b[2J\u2028\x85\x00'
)


class Lines:
    """A log whose lines can be read, with a logger of the standard library and requests on it."""

    def __init__(self, *, text: bool, colors: bool = False) -> None:
        self._reader, self.writer = os.pipe()
        log = LineLog(LineStream(self.writer), text=text, colors=colors)
        self.logger = logging.Logger("hexaccount.some", logging.DEBUG)  # noqa: LOG001 - one for each test
        self.logger.addHandler(log.handler())
        self.requests = log.requests()

    def request(self, **changes: Any) -> None:
        exchange = Exchange("GET", "one", None)
        with self.requests(exchange):
            for name, value in changes.items():
                setattr(exchange, name, value)

    def taken(self) -> list[str]:
        """Return what was written, in lines as those read it who know but one end of a line."""
        text = os.read(self._reader, 1_000_000).decode()
        assert text.endswith("\n")
        return text[:-1].split("\n")

    def one(self) -> Any:
        (line,) = self.taken()
        return json.loads(line)

    def close(self) -> None:
        for end in (self._reader, self.writer):
            os.close(end)


@pytest.fixture
def json_lines() -> Iterator[Lines]:
    lines = Lines(text=False)
    yield lines
    lines.close()


@pytest.fixture
def text_lines() -> Iterator[Lines]:
    lines = Lines(text=True)
    yield lines
    lines.close()


def test_a_request_is_one_line_with_its_ids_its_route_its_outcome_and_how_long_it_took(json_lines: Lines) -> None:
    json_lines.request(traceparent=TRACE, route="/api/v1/users/<user_id>", status=404, code="user_not_found")
    told = json_lines.one()
    assert list(told)[:3] == ["@timestamp", "log.level", "message"]
    assert told["message"].startswith("GET /api/v1/users/<user_id> 404 user_not_found in ")
    assert told["event.duration"] > 0
    for changing in ("@timestamp", "message", "event.duration"):
        del told[changing]
    assert told == {
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


def test_a_request_that_succeeds_has_no_code_and_one_that_fits_no_route_no_route(json_lines: Lines) -> None:
    json_lines.request(status=204)
    told = json_lines.one()
    assert (told["event.outcome"], told["message"][:20]) == ("success", "GET (no route) 204 i")
    assert not told.keys() & {"error.code", "labels.route", "trace.id", "span.id"}


def test_what_was_refused_before_it_was_read_is_logged_too(json_lines: Lines) -> None:
    json_lines.requests.refused("two", 413, "body_too_large")
    told = json_lines.one()
    assert (told["http.request.id"], told["http.response.status_code"], told["error.code"], told["message"]) == (
        "two", 413, "body_too_large", "refused with 413 body_too_large",
    )  # fmt: skip


def test_a_record_tells_for_which_request_and_in_which_trace_it_was_made(json_lines: Lines) -> None:
    with json_lines.requests(Exchange("GET", "three", None)), caused_by(Cause("three", TRACE)):
        json_lines.logger.warning("late by %d s", 7)
    inner, _ = map(json.loads, json_lines.taken())
    assert {name: inner[name] for name in ("message", "log.level", "log.logger", "process.thread.name")} == {
        "message": "late by 7 s",
        "log.level": "warning",
        "log.logger": "hexaccount.some",
        "process.thread.name": threading.current_thread().name,
    }
    assert (inner["http.request.id"], inner["trace.id"], inner["span.id"]) == ("three", TRACE_ID, SPAN_ID)
    json_lines.logger.info("outside")
    assert not json_lines.one().keys() & {"http.request.id", "trace.id", "span.id"}


def fail(text: str) -> None:
    secret = "never shown"  # noqa: F841 - a value of a variable, which a stack trace must not tell
    raise LookupError(text)


def test_an_error_has_its_type_what_it_says_and_its_stack_but_no_value_of_a_variable(json_lines: Lines) -> None:
    try:
        fail(FORGERY)
    except LookupError:
        json_lines.logger.exception("it failed")
    (line,) = json_lines.taken()
    told = json.loads(line)
    assert (told["error.type"], told["error.message"]) == ("LookupError", FORGERY)
    assert "in fail\n" in told["error.stack_trace"]
    assert 'secret = "never' not in line


def test_an_error_is_told_below_its_line_and_indented(text_lines: Lines) -> None:
    try:
        fail(FORGERY)
    except LookupError:
        text_lines.logger.exception("it failed")
    first, *rest = text_lines.taken()
    assert "it failed" in first
    assert rest
    assert all(line.startswith("    ") for line in rest)
    assert any(line.startswith("    LookupError: 2026-11-27T06:45") for line in rest)


@pytest.mark.parametrize("lines", ["json_lines", "text_lines"])
@pytest.mark.parametrize(
    "arguments", [("%s", FORGERY), (FORGERY,), ("half a pair: %s", "\ud800"), ("%s", ["ä", "\x9b"])]
)
def test_no_value_ends_a_line_or_orders_a_terminal_about(
    request: pytest.FixtureRequest, lines: str, arguments: tuple[Any, ...]
) -> None:
    log: Lines = request.getfixturevalue(lines)
    log.logger.info(*arguments)
    (line,) = log.taken()
    assert len(line.splitlines()) == 1
    assert line.isprintable()


@given(st.text(), st.booleans())
def test_any_text_is_one_line_from_which_json_gives_it_back(value: str, text: bool) -> None:
    lines = Lines(text=text)
    try:
        lines.logger.info("%s", value)
        (line,) = lines.taken()
    finally:
        lines.close()
    assert line.isprintable()
    if not text:
        assert json.loads(line)["message"] == value.encode(errors="backslashreplace").decode()


def test_lines_for_people_begin_with_moment_and_level_and_end_with_what_they_belong_to(text_lines: Lines) -> None:
    text_lines.request(traceparent=TRACE, route="/health", status=200)
    (line,) = text_lines.taken()
    told = (
        rf"{MOMENT} \[info     \] GET /health 200 in \d+\.\d ms \[hexaccount\.requests\] request=one trace={TRACE_ID}"
    )
    assert re.fullmatch(told, line)


def test_colors_are_ours_alone() -> None:
    lines = Lines(text=True, colors=True)
    lines.logger.info("a red \x1b[31mherring")
    (line,) = lines.taken()
    lines.close()
    assert "\x1b[0m" in line
    assert "\\x1b[31m" in line


def test_what_does_not_fit_its_arguments_is_said_without_what_is_in_it(json_lines: Lines) -> None:
    json_lines.logger.warning("%d of %s", "a secret")  # noqa: PLE1206 - as the test's name says
    told = json_lines.one()
    assert told["message"].startswith("a record of hexaccount.some (test_lines.py:")
    assert "secret" not in json.dumps(told)


def test_long_texts_lose_their_middle(json_lines: Lines) -> None:
    try:
        fail("x" * 50_000)
    except LookupError:
        json_lines.logger.exception("y" * 50_000)
    (line,) = json_lines.taken()
    assert len(line) < 32_000


def test_nobody_fails_whose_line_cannot_be_written() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    LineStream(writer).write(b"lost")
    os.close(writer)
    LineStream(writer).write(b"lost too")


def test_a_file_that_does_not_wait_is_waited_for() -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    lines = [bytes([65 + number]) * 4000 for number in range(20)]
    received = io.BytesIO()

    def read_slowly() -> None:
        while part := os.read(reader, 1000):
            received.write(part)

    reading = threading.Thread(target=read_slowly)
    stream = LineStream(writer)
    for line in lines[:16]:  # what a pipe holds
        stream.write(line)
    reading.start()
    for line in lines[16:]:
        stream.write(line)
    os.close(writer)
    reading.join()
    os.close(reader)
    assert received.getvalue() == b"".join(line + b"\n" for line in lines)


def write_many(writer: int, letter: int, number: int) -> None:
    stream = LineStream(writer)
    for length in range(number):
        stream.write(bytes([letter]) * (3500 + length % 500))


def test_lines_of_processes_that_share_a_pipe_do_not_meet() -> None:
    reader, writer = os.pipe()
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=write_many, args=(writer, letter, 150)) for letter in b"abc"]
    for process in processes:
        process.start()
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        lines = pipe.read().splitlines()
    for process in processes:
        process.join()
    assert len(lines) == 450
    assert all(len(set(line)) == 1 for line in lines)
