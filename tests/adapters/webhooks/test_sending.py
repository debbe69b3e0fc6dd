"""What a receiver gets, and what becomes of each answer."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from standardwebhooks import WebhookVerificationError

from hexaccount.events.cloud_event import structured
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_webhooks import NotSent, NotTaken, SigningSecret, exchange
from tests.adapters.told_events import A_MOMENT, an_event, events
from tests.adapters.webhooks.receivers import SECRET, Receiver, misbehaving
from tests.adapters.webhooks.sending import webhook
from tests.servers.ports import free_port

OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
A_STRANGER_S = "whsec_" + "QQ" * 16
NEW = A_MOMENT.replace(year=9999)
OLD = A_MOMENT.replace(year=2020)


def refusal(url: str) -> str:
    with pytest.raises(NotTaken) as refused:
        webhook(url).publish([an_event()])
    assert refused.value.__cause__ is None
    return str(refused.value)


def test_a_receiver_gets_the_event_as_a_signed_cloud_event(receiver: Receiver) -> None:
    event = an_event()
    webhook(receiver.url).publish([event])
    (request,) = receiver.requests
    assert request.verified() == structured(event)
    assert request.headers["webhook-id"] == str(event.id)
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert request.headers["Content-Type"] == "application/cloudevents+json"
    assert request.headers["Host"] == f"127.0.0.1:{receiver.port}"


def test_a_body_or_a_secret_that_is_another_is_noticed(receiver: Receiver) -> None:
    webhook(receiver.url).publish([an_event()])
    (request,) = receiver.requests
    with pytest.raises(WebhookVerificationError):
        request.verified(A_STRANGER_S)


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of https://www.standardwebhooks.com, as its reference libraries test it.
    body = b'{"test": 2432232314}'
    signature = SigningSecret.of(SECRET).signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_changed_both_of_them_sign(receiver: Receiver) -> None:
    webhook(receiver.url, SECRET, OTHER_SECRET).publish([an_event()])
    (request,) = receiver.requests
    assert request.verified(SECRET) == request.verified(OTHER_SECRET)
    with pytest.raises(WebhookVerificationError):
        request.verified(A_STRANGER_S)


def test_an_attempt_has_the_id_of_the_first_and_a_signature_of_its_own_time(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, publisher = an_event(), webhook(receiver.url)
    publisher.publish([event])
    time.sleep(1.1)
    publisher.publish([event])
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(first.headers["webhook-timestamp"]) < int(second.headers["webhook-timestamp"])
    assert first.verified() == second.verified()


def test_events_are_sent_one_by_one_in_order_until_one_fails(receiver: Receiver) -> None:
    told = events(5)
    webhook(receiver.url).publish(told)
    assert receiver.ids == [str(event.id) for event in told]
    receiver.status = 500
    with pytest.raises(NotTaken):
        webhook(receiver.url).publish(told)
    assert len(receiver.requests) == 6


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_status_of_success_is_a_delivery(receiver: Receiver, status: int) -> None:
    receiver.status = status
    webhook(receiver.url).publish([an_event()])


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (304, "304 Not Modified; redirects are not followed: write where it leads as url"),
        (400, "400 Bad Request"),
        (410, "410 Gone; if it is gone for good, remove it"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (503, "503 Service Unavailable"),
        (599, "599"),
    ],
)
def test_any_other_status_is_told(receiver: Receiver, status: int, told: str) -> None:
    receiver.status = status
    assert refusal(receiver.url) == f"the webhook crm at 127.0.0.1 has not taken it: it answered {told}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    assert "redirects are not followed" in refusal(receiver.url)
    assert [request.path for request in receiver.requests] == ["/hook"]


def test_path_and_query_are_sent_and_never_told(receiver: Receiver) -> None:
    url = f"http://127.0.0.1:{receiver.port}/a/path-of-the-token?key=a-word-of-the-token&b=%20"
    publisher = webhook(url)
    publisher.publish([an_event()])
    assert receiver.requests[0].path == "/a/path-of-the-token?key=a-word-of-the-token&b=%20"
    receiver.status = 500
    told = refusal(url) + repr(vars(publisher))
    gone = url.replace(str(receiver.port), str(free_port()))
    with pytest.raises(ReceiverUnavailable) as away:
        webhook(gone).publish([an_event(time=NEW)])
    assert "of-the-token" not in told + str(away.value)
    assert SECRET not in told


def test_an_answer_may_be_as_long_as_it_likes(receiver: Receiver) -> None:
    receiver.status, receiver.answer = 200, b"x" * 20_000_000
    began = time.monotonic()
    webhook(receiver.url).publish([an_event()])
    assert time.monotonic() - began < 2


def says(*parts: bytes, every: float = 0.05) -> Callable[[socket.socket, threading.Event], None]:
    """Return a deed: to read the request, and say something part by part, the last one for ten seconds."""

    def speak(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        for part in parts:
            connection.sendall(part)
        end = time.monotonic() + 10
        while not over.wait(every) and time.monotonic() < end:
            connection.sendall(parts[-1] if parts else b"")

    return speak


def hang_up(connection: socket.socket, _over: threading.Event) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def end(connection: socket.socket, _over: threading.Event) -> None:
    connection.settimeout(0.3)
    with suppress(TimeoutError):
        while connection.recv(65536):
            """What is left unread would make a reset of the end."""


@pytest.mark.parametrize(
    "speech",
    [
        pytest.param((), id="nothing"),
        pytest.param((b"H",), id="a status a byte at a time"),
        pytest.param((b"HTTP/1.1 ", b"2"), id="a status without an end"),
        pytest.param((b"HTTP/1.1 200 OK\r\n", b"X-One: more\r\n"), id="headers without an end"),
        pytest.param((b"HTTP/1.1 100 Continue\r\n\r\n",), id="only that we may go on"),
    ],
)
def test_a_slow_answer_is_given_up(speech: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PATIENCE", 0.5)
    with misbehaving(says(*speech, every=0.1)) as port:
        began = time.monotonic()
        told = refusal(f"http://127.0.0.1:{port}")
        assert time.monotonic() - began < 1.5
    assert "did not answer within 0.5 s" in told or "not HTTP" in told


def test_a_slow_body_does_not_hold_up_a_delivery() -> None:
    with misbehaving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x")) as port:
        began = time.monotonic()
        webhook(f"http://127.0.0.1:{port}").publish([an_event()])
        assert time.monotonic() - began < 2


def test_of_a_body_without_an_end_little_is_read() -> None:
    sent: list[int] = []

    def flood(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not over.is_set() and sum(sent) < 1_000_000_000:
            sent.append(connection.send(b"x" * 1_000_000))

    with misbehaving(flood) as port:
        webhook(f"http://127.0.0.1:{port}").publish([an_event()])
    assert sum(sent) < 40_000_000, "more than what fits on the way"


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        (hang_up, "the connection was lost (Connection reset by peer)"),
        (end, "the connection was lost (RemoteDisconnected)"),
        (says(b"whsec_ is not what a server says\r\n"), "what it answered is not HTTP"),
        (says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000), "what it answered is not HTTP"),
        (says(b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200), "what it answered is not HTTP"),
    ],
)
def test_no_answer_and_none_of_http_are_told_without_what_was_said(
    deed: Callable[[socket.socket, threading.Event], None], told: str
) -> None:
    with misbehaving(deed) as port:
        assert refusal(f"http://127.0.0.1:{port}") == f"the webhook crm at 127.0.0.1 has not taken it: {told}"


def test_a_receiver_that_cannot_be_reached_is_away_for_a_day_and_then_at_fault() -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ReceiverUnavailable, match=r"webhook crm at 127\.0\.0\.1 .* reached: Connection refused$"):
        webhook(nobody).publish([an_event(time=NEW)])
    with pytest.raises(NotSent, match="cannot be reached: Connection refused"):
        webhook(nobody).publish([an_event(time=OLD)])


def test_a_name_that_nobody_has_is_told() -> None:
    with pytest.raises(ReceiverUnavailable, match=r"the name nobody\.invalid has no address \("):
        webhook("http://nobody.invalid").publish([an_event(time=NEW)])


def test_a_name_that_is_slow_to_be_resolved_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
    monkeypatch.setattr(exchange, "PATIENCE", 0.2)
    began = time.monotonic()
    with pytest.raises(ReceiverUnavailable, match=r"the name slow\.example was not resolved in time"):
        webhook("http://slow.example").publish([an_event(time=NEW)])
    assert time.monotonic() - began < 2
    over.set()


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    webhook(receiver.url).publish([an_event()])
    assert receiver.requests[0].path == "/hook"


def test_a_publisher_may_be_closed_at_any_time(receiver: Receiver) -> None:
    publisher = webhook(receiver.url)
    publisher.close()
    publisher.close()
