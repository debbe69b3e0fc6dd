"""What clients can take of the socket server before they have shown a token, over real connections."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount_socketio import http_server
from hexaccount_socketio.packets import MAX_LENGTH
from tests.adapters.socketio.clients import Server
from tests.adapters.socketio.wire import (
    BINARY,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    UPGRADE,
    Client,
    Listening,
    frame,
    listening,
)

pytestmark = pytest.mark.long

OF_A_NETWORK = 100
OURS = "https://app.example.org"
MEBIBYTE = 1024 * 1024

Test = Callable[[Listening], Coroutine[Any, Any, None]]


@pytest.fixture
def run(service: Service) -> "Run":
    """Return a function that runs a test with a server that listens, and returns whom the server has refused."""

    def run(test: Test, *, trusted: Sequence[str] = (), cors_origins: Sequence[str] = ()) -> list[tuple[str, str, str]]:
        refusals: list[tuple[str, str, str]] = []

        async def on_a_loop() -> None:
            server = Server(service.bus, trusted=trusted)
            async with listening(
                server.application, trusted, lambda *each: refusals.append(each), cors_origins
            ) as clients:
                await test(clients)
                await server.sockets.close()

        asyncio.run(on_a_loop())
        return refusals

    return run


Run = Callable[..., list[tuple[str, str, str]]]


@pytest.mark.parametrize(
    "beginning",
    [
        frame(TEXT, b"42" + b"x" * MAX_LENGTH, length=8 * MEBIBYTE),
        frame(TEXT, b"42", final=False) + frame(CONTINUATION, b"x" * 1000, final=False) * 10,
    ],
    ids=["one frame", "fragments"],
)
def test_a_message_that_is_too_long_is_refused_before_its_end(run: Run, beginning: bytes) -> None:
    async def test(server: Listening) -> None:
        client = await server.web_socket()
        client.writer.write(beginning)
        assert await client.close_code() == 1009

    run(test)


def test_a_message_of_the_longest_length_is_taken_in_many_parts(run: Run) -> None:
    async def test(server: Listening) -> None:
        client = await server.web_socket()
        text = ('40{"token":"' + "é" * (MAX_LENGTH - 14) + '"}').encode()
        parts = [text[place : place + 400] for place in range(0, len(text), 400)]
        client.writer.write(frame(TEXT, b"", final=False))
        for part in parts:
            client.writer.write(frame(CONTINUATION, part, final=False) + frame(PING, b"between"))
        client.writer.write(frame(CONTINUATION, b""))
        answers = [await client.frame() for _ in range(len(parts) + 1)]
        assert answers[:-1] == [(PONG, b"between")] * len(parts)
        assert b"not_authenticated" in answers[-1][1]

    run(test)


@pytest.mark.parametrize(
    "sent", [frame(PING, b""), frame(PONG, b""), frame(TEXT, b"3")], ids=["pings", "pongs", "messages"]
)
def test_a_client_that_sends_frames_without_end_is_disconnected(run: Run, sent: bytes) -> None:
    async def test(server: Listening) -> None:
        client = await server.web_socket()
        client.writer.write(sent * 1000)
        assert await client.close_code() == 1008

    run(test)


def test_fragments_that_add_nothing_count_as_frames(run: Run) -> None:
    async def test(server: Listening) -> None:
        client = await server.web_socket()
        client.writer.write(frame(TEXT, b"", final=False) + frame(CONTINUATION, b"", final=False) * 1000)
        assert await client.close_code() == 1008

    run(test)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(BINARY, b"", length=8 * MEBIBYTE) + b"x", 1008),
        (b"\x81\x01x", 1002),
        (frame(TEXT, b"\xff"), 1007),
        (frame(3, b""), 1002),
        (frame(CONTINUATION, b""), 1002),
    ],
    ids=["binary", "not masked", "not UTF-8", "unknown opcode", "nothing to continue"],
)
def test_a_client_that_breaks_the_protocol_learns_why(run: Run, sent: bytes, code: int) -> None:
    async def test(server: Listening) -> None:
        client = await server.web_socket()
        client.writer.write(sent)
        assert await client.close_code() == code

    run(test)


@pytest.mark.parametrize(
    "beginning", [b"", b"GET /health HTTP/1.1\r\nHost: h", UPGRADE.encode()], ids=["silent", "slow", "slow upgrade"]
)
def test_a_request_must_come_in_time(run: Run, monkeypatch: pytest.MonkeyPatch, beginning: bytes) -> None:
    monkeypatch.setattr(http_server, "_REQUEST_SECONDS", 0.5)

    async def test(server: Listening) -> None:
        client = await server.connect()
        client.writer.write(beginning)
        assert await client.rest() == b""

    run(test)


def test_an_open_web_socket_has_no_such_limit(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "_REQUEST_SECONDS", 0.5)

    async def test(server: Listening) -> None:
        client = await server.web_socket()
        await asyncio.sleep(1)
        client.writer.write(frame(PING, b"here"))
        assert await client.frame() == (PONG, b"here")

    run(test)


def test_one_network_cannot_take_all_connections(run: Run) -> None:
    async def test(server: Listening) -> None:
        silent = [await server.connect("127.0.0.2") for _ in range(OF_A_NETWORK + 50)]
        assert sum(await asyncio.gather(*map(is_closed, silent))) == 50
        assert await is_closed(await server.connect("127.0.0.2"))
        assert b" 200 " in await server.request("GET /health HTTP/1.1\r\nHost: here\r\n\r\n", "127.0.0.3")
        for client in silent:
            client.writer.close()
        async with asyncio.timeout(20):
            while not await server.request("GET /health HTTP/1.1\r\nHost: here\r\n\r\n", "127.0.0.2"):
                await asyncio.sleep(0.05)

    refusals = run(test)
    assert set(refusals) == {("connect", "too_many_sockets", "127.0.0.2")}
    assert len(refusals) > 50


def test_behind_a_proxy_the_connections_of_the_client_count(run: Run) -> None:
    health = "GET /health HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: 2001:db8::{}\r\n\r\n"

    async def test(server: Listening) -> None:
        for number in range(OF_A_NETWORK):
            await server.web_socket("127.0.0.1", f"X-Forwarded-For: 2001:db8::{number + 1:x}")
        assert b" 429 " in await server.request(health.format("ffff"))
        assert b" 200 " in await server.request(health.format("100:0:0:0:1"))
        assert b" 200 " in await server.request("GET /ready HTTP/1.1\r\nHost: here\r\n\r\n")

    run(test, trusted=["127.0.0.1"])


async def is_closed(client: Client) -> bool:
    """Return whether the server closes the connection within a moment; a silent client would wait for long."""
    try:
        async with asyncio.timeout(0.3):
            return await client.reader.read() == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        ("GET /health HTTP/1.1\r\n\r\n", b"400"),
        ("GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
        ("GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n", b"400"),
        ("GET /health HTTP/1.1\r\nHost:\r\n\r\n", b"400"),
        ("nothing\r\n\r\n", b"400"),
        ("GET /health HTTP/1.1\r\nHost: a\r\nX: " + "x" * 40_000 + "\r\n\r\n", b"431"),
        (UPGRADE.replace("Sec-WebSocket-Key", "X") + "\r\n", b"400"),
        (UPGRADE.replace("13", "12") + "\r\n", b"400"),
        (UPGRADE.replace("here", "\xfc") + "\r\n", b"400"),
    ],
    ids=["no host", "two", "no name", "empty", "garbage", "too long", "no key", "version", "not ASCII"],
)
def test_a_malformed_request_is_refused_with_a_problem(run: Run, request_text: str, status: bytes) -> None:
    async def test(server: Listening) -> None:
        answer = await server.request(request_text)
        assert answer.split(b" ", 2)[1] == status, answer
        assert b"malformed_request" in answer

    run(test)


def test_a_request_may_name_the_whole_url(run: Run) -> None:
    async def test(server: Listening) -> None:
        assert b" 200 " in await server.request("GET http://here/health?a=b HTTP/1.1\r\nHost: here\r\n\r\n")
        assert b" 404 " in await server.request("GET http://here/http://here/health HTTP/1.1\r\nHost: here\r\n\r\n")

    run(test)


def test_only_get_opens_a_web_socket(run: Run) -> None:
    async def test(server: Listening) -> None:
        assert b"websockets_only" in await server.request(UPGRADE.replace("GET", "POST") + "\r\n")

    run(test)


def test_a_response_reaches_a_client_that_is_still_sending(run: Run) -> None:
    async def test(server: Listening) -> None:
        client = await server.connect()
        client.writer.write(
            b"POST /health HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
        )
        assert b"method_not_allowed" in await client.rest()
        client.writer.close()
        head = await server.request("HEAD /health HTTP/1.1\r\nHost: here\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert head.endswith(b"\r\n\r\n")

    run(test)


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET /socket.io/?EIO=4&transport=polling", 200),
        ("POST /socket.io/?EIO=4&transport=polling&sid=x", 400),
        ("GET /elsewhere", 404),
        ("DELETE /health", 405),
        ("OPTIONS /socket.io/", 400),
    ],
)
def test_a_page_may_read_every_response_that_is_no_socket(run: Run, request_line: str, status: int) -> None:
    async def test(server: Listening) -> None:
        ours = await server.request(f"{request_line} HTTP/1.1\r\nHost: here\r\nOrigin: {OURS}\r\n\r\n")
        theirs = await server.request(f"{request_line} HTTP/1.1\r\nHost: here\r\nOrigin: https://evil.example\r\n\r\n")
        assert f" {status} ".encode() in ours.split(b"\r\n")[0]
        assert f"access-control-allow-origin: {OURS}\r\n".encode() in ours
        assert b"vary: Origin\r\n" in theirs
        assert b"access-control" not in theirs

    run(test, cors_origins=[OURS])


def test_a_page_may_ask_the_sockets_with_headers_of_its_own(run: Run) -> None:
    async def test(server: Listening) -> None:
        request = f"OPTIONS /socket.io/ HTTP/1.1\r\nHost: here\r\nOrigin: {OURS}\r\n"
        answer = await server.request(f"{request}Access-Control-Request-Method: GET\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 204 ")
        assert b"Authorization" in answer.partition(b"access-control-allow-headers: ")[2].split(b"\r\n")[0]
        assert answer.count(b"access-control-allow-origin") == 1

    run(test, cors_origins=[OURS])
