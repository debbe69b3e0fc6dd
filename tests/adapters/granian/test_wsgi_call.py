import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from hexaccount_granian.wsgi_call import Response, WsgiViolation, call_wsgi


def call(application: Any, method: str = "GET") -> Response:
    return call_wsgi(application, {"REQUEST_METHOD": method})


class Pieces:
    """An iterable that counts how often it was closed."""

    def __init__(self, *pieces: bytes, fails: bool = False) -> None:
        self.pieces = pieces
        self.fails = fails
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        if self.fails:
            raise ZeroDivisionError

    def close(self) -> None:
        self.closed += 1


def test_what_is_written_comes_before_what_is_returned() -> None:
    def application(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        write = start("200 OK", [("X-A", "1")])
        write(b"a")
        write(b"b")
        return [b"c", b"d"]

    assert call(application) == Response(200, [("X-A", "1")], b"abcd")


@pytest.mark.parametrize("fails", [False, True])
def test_the_iterable_is_closed_once_even_when_it_fails(fails: bool) -> None:
    pieces = Pieces(b"a", fails=fails)

    def application(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [])
        return pieces

    if fails:
        with pytest.raises(ZeroDivisionError):
            call(application)
    else:
        assert call(application).body == b"a"
    assert pieces.closed == 1


def test_a_generator_may_start_its_response_late() -> None:
    def application(_environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("201 Created", [])
        yield b"late"

    assert call(application) == Response(201, [], b"late")


def test_an_error_page_replaces_a_response_that_was_started() -> None:
    def application(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [("X-A", "1")])
        try:
            _ = 1 / 0
        except ZeroDivisionError:
            start("500 Oops", [("X-B", "2")], sys.exc_info())
        return [b"sorry"]

    assert call(application) == Response(500, [("X-B", "2")], b"sorry")


def test_starting_twice_without_an_error_is_a_violation() -> None:
    def application(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [])
        start("200 OK", [])
        return []

    with pytest.raises(WsgiViolation, match="twice"):
        call(application)


def test_not_starting_is_a_violation() -> None:
    with pytest.raises(WsgiViolation, match="never"):
        call(lambda environ, start: [])


@pytest.mark.parametrize("status", ["99 Low", "100 Continue", "2", "", "abc Oops", "-20 Oops"])
def test_a_status_that_would_end_the_process_is_a_violation(status: str) -> None:
    with pytest.raises(WsgiViolation, match="status"):
        call(lambda environ, start: start(status, []) and [])


def test_repeated_headers_are_kept_and_the_server_counts_the_length() -> None:
    headers = [("Set-Cookie", "a"), ("Set-Cookie", "b"), ("CONTENT-length", "77")]

    def application(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", headers)
        return [b"abc"]

    assert call(application).headers == headers[:2]


@pytest.mark.parametrize(("declared", "length"), [([], "3"), ([("Content-Length", "77")], "77")])
def test_a_response_to_head_has_the_length_of_the_response_to_get(declared: list[tuple[str, str]], length: str) -> None:
    def application(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", declared)
        return [b"abc"]

    assert [value for _, value in call(application, "HEAD").headers] == [length]


@pytest.mark.parametrize(("sent", "text"), [("Zoë".encode().decode("latin-1"), "Zoë"), ("Zo\xeb", "Zo\xeb")])
def test_header_values_that_carry_utf8_are_sent_as_utf8(sent: str, text: str) -> None:
    response = call(lambda environ, start: (start("200 OK", [("X-Name", sent)]), [])[1])
    assert response.headers == [("X-Name", text)]
