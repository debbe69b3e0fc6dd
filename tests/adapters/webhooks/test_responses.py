"""How each response counts, and how long a delivery waits for one."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from hexaccount_webhooks import request
from tests.adapters.sample_events import an_event
from tests.adapters.webhooks.receivers import Receiver, misbehaving
from tests.adapters.webhooks.sending import error_of, webhook

pytestmark = pytest.mark.long


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_delivery(receiver: Receiver, status: int) -> None:
    receiver.status = status
    webhook(receiver.url).publish([an_event()])


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (304, "304 Not Modified; redirects are not followed: write the address it redirects to as url"),
        (400, "400 Bad Request"),
        (410, "410 Gone; if the receiver is gone for good, remove the webhook"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (503, "503 Service Unavailable"),
        (599, "599"),
    ],
)
def test_any_other_status_is_a_failure(receiver: Receiver, status: int, reason: str) -> None:
    receiver.status = status
    assert error_of(receiver.url) == f"the webhook crm at 127.0.0.1 did not accept the event: it answered {reason}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    assert "redirects are not followed" in error_of(receiver.url)
    assert [request.path for request in receiver.requests] == ["/hook"]


def test_a_long_response_does_not_delay_a_delivery(receiver: Receiver) -> None:
    receiver.status, receiver.answer = 200, b"x" * 20_000_000
    began = time.monotonic()
    webhook(receiver.url).publish([an_event()])
    assert time.monotonic() - began < 2


def responds(*parts: bytes, every: float = 0.05) -> Callable[[socket.socket, threading.Event], None]:
    """Return what reads a request and sends `parts`, then repeats the last one for ten seconds."""

    def respond(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        for part in parts:
            connection.sendall(part)
        end = time.monotonic() + 10
        while not over.wait(every) and time.monotonic() < end:
            connection.sendall(parts[-1] if parts else b"")

    return respond


def hang_up(connection: socket.socket, _over: threading.Event) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def end(connection: socket.socket, _over: threading.Event) -> None:
    connection.settimeout(0.3)
    with suppress(TimeoutError):
        while connection.recv(65536):
            """Unread data would turn the end into a reset."""


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((), id="nothing"),
        pytest.param((b"H",), id="a status a byte at a time"),
        pytest.param((b"HTTP/1.1 ", b"2"), id="a status without an end"),
        pytest.param((b"HTTP/1.1 200 OK\r\n", b"X-One: more\r\n"), id="headers without an end"),
        pytest.param((b"HTTP/1.1 100 Continue\r\n\r\n",), id="only 100 Continue"),
        pytest.param((b"HTTP/1.1 103 Early Hints\r\n\r\n",), id="only 103 Early Hints"),
    ],
)
def test_a_slow_response_ends_at_the_timeout(parts: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "DELIVERY_TIMEOUT", 0.5)
    with misbehaving(responds(*parts, every=0.1)) as port:
        began = time.monotonic()
        error = error_of(f"http://127.0.0.1:{port}")
        assert time.monotonic() - began < 1.5
    assert "did not answer within 0.5 s" in error or "not HTTP" in error


def test_interim_responses_are_passed_over() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    for interim in (early, b"HTTP/1.1 100 Continue\r\n\r\n" + early):
        for final, error in ((b"204 No Content", None), (b"503 Service Unavailable", "it answered 503")):
            with misbehaving(responds(interim, b"HTTP/1.1 " + final + b"\r\n\r\n")) as port:
                url = f"http://127.0.0.1:{port}"
                if error is None:
                    webhook(url).publish([an_event()])
                else:
                    assert error in error_of(url)


def test_a_receiver_that_switches_protocols_has_not_accepted_the_event() -> None:
    with misbehaving(responds(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")) as port:
        assert "it answered 101" in error_of(f"http://127.0.0.1:{port}")


def test_a_slow_body_does_not_delay_a_delivery() -> None:
    with misbehaving(responds(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x")) as port:
        began = time.monotonic()
        webhook(f"http://127.0.0.1:{port}").publish([an_event()])
        assert time.monotonic() - began < 2


def test_an_endless_body_is_read_only_in_part() -> None:
    sent: list[int] = []

    def flood(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.is_set() and sum(sent) < 1_000_000_000:
            sent.append(connection.send(b"x" * 1_000_000))

    with misbehaving(flood) as port:
        webhook(f"http://127.0.0.1:{port}").publish([an_event()])
    assert sum(sent) < 40_000_000, "more than the buffers hold"


@pytest.mark.parametrize(
    ("serve", "reason"),
    [
        (hang_up, "the connection was lost (Connection reset by peer)"),
        (end, "the connection was lost (RemoteDisconnected)"),
        (responds(b"whsec_ is not what a server says\r\n"), "its response is not HTTP"),
        (
            responds(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000),
            "its response has over 100 headers, or a line of over 64 KiB",
        ),
        (
            responds(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n"),
            "its response has over 100 headers, or a line of over 64 KiB",
        ),
    ],
)
def test_a_missing_or_invalid_response_is_reported_without_its_content(
    serve: Callable[[socket.socket, threading.Event], None], reason: str
) -> None:
    with misbehaving(serve) as port:
        assert (
            error_of(f"http://127.0.0.1:{port}") == f"the webhook crm at 127.0.0.1 did not accept the event: {reason}"
        )
