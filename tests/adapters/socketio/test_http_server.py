"""What clients can take of the socket server before they have shown a token, over real connections."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount_granian.client_address import ClientAddresses
from hexaccount_socketio import HttpServer, http_server
from hexaccount_socketio.packets import MAX_LENGTH
from tests.adapters.socketio.clients import Server

pytestmark = pytest.mark.long

R = TypeVar("R")
UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
)
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
OF_A_NETWORK = 100
MEBIBYTE = 1024 * 1024


class Listening:
    """A server that listens on a port, and its clients."""

    def __init__(self, port: int, stack: AsyncExitStack) -> None:
        self.port, self._stack = port, stack

    async def connect(self, source: str = "127.0.0.1") -> "Client":
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        self._stack.callback(writer.close)
        return Client(reader, writer)

    async def request(self, text: str, source: str = "127.0.0.1") -> bytes:
        """Send a request, and return all of the response."""
        client = await self.connect(source)
        client.writer.write(text.encode())
        return await client.rest()

    async def web_socket(self, source: str = "127.0.0.1", *headers: str) -> "Client":
        """Return a client whose WebSocket is open."""
        client = await self.connect(source)
        client.writer.write((UPGRADE + "".join(f"{header}\r\n" for header in headers) + "\r\n").encode())
        assert b" 101 " in await in_time(client.reader.readuntil(b"\r\n\r\n"))
        opcode, payload = await client.frame()
        assert (opcode, payload[:1]) == (TEXT, b"0")
        return client


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def rest(self) -> bytes:
        """Return all that comes until the server closes."""
        try:
            return await in_time(self.reader.read())
        except ConnectionResetError:
            return b""

    async def frame(self) -> tuple[int, bytes]:
        """Return the opcode and the payload of the next frame."""
        first, length = await in_time(self.reader.readexactly(2))
        if length == 126:
            (length,) = struct.unpack("!H", await in_time(self.reader.readexactly(2)))
        return first & 15, await in_time(self.reader.readexactly(length))

    async def close_code(self) -> int:
        """Return the code with which the server closes, after whatever else it has sent."""
        while True:
            opcode, payload = await self.frame()
            if opcode == CLOSE:
                return int(struct.unpack("!H", payload[:2])[0])


def frame(opcode: int, payload: bytes, *, length: int | None = None, final: bool = True) -> bytes:
    """Return a masked frame, which may announce more than it contains."""
    length = len(payload) if length is None else length
    first = opcode | (0x80 if final else 0)
    if length < 126:
        head = struct.pack("!BB", first, 0x80 | length)
    else:
        head = struct.pack("!BBH", first, 0xFE, length) if length < 65_536 else struct.pack("!BBQ", first, 0xFF, length)
    return head + b"\0\0\0\0" + payload


async def in_time(awaitable: Awaitable[R]) -> R:
    async with asyncio.timeout(20):
        return await awaitable


@asynccontextmanager
async def listening(server: Server, trusted: list[str]) -> AsyncIterator[Listening]:
    http = HttpServer(server.application, addresses=ClientAddresses(trusted))
    bound = socket.create_server(("127.0.0.1", 0))
    async with AsyncExitStack() as stack:
        await http.start(bound, 1000)
        stack.push_async_callback(http.close)
        stack.push_async_callback(server.sockets.close)
        yield Listening(bound.getsockname()[1], stack)


Test = Callable[[Listening], Coroutine[Any, Any, None]]


@pytest.fixture
def run(service: Service) -> Callable[..., None]:
    """Return a function that runs a test with a server that listens."""

    def run(test: Test, *, trusted: list[str] | None = None) -> None:
        async def on_a_loop() -> None:
            async with listening(Server(service.bus, trusted=trusted or []), trusted or []) as server:
                await test(server)

        asyncio.run(on_a_loop())

    return run


Run = Callable[..., None]


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


def test_a_message_of_the_longest_length_is_taken_in_any_number_of_parts(run: Run) -> None:
    async def test(server: Listening) -> None:
        client = await server.web_socket()
        text = ('40{"token":"' + "é" * (MAX_LENGTH - 14) + '"}').encode()
        parts = [text[place : place + 7] for place in range(0, len(text), 7)]
        client.writer.write(frame(TEXT, b"", final=False))
        for part in parts:
            client.writer.write(frame(CONTINUATION, part, final=False) + frame(PING, b"between"))
        client.writer.write(frame(CONTINUATION, b""))
        answers = [await client.frame() for _ in range(len(parts) + 1)]
        assert answers[:-1] == [(PONG, b"between")] * len(parts)
        assert b"not_authenticated" in answers[-1][1]

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

    run(test)


def test_behind_a_proxy_the_connections_of_the_client_count(run: Run) -> None:
    health = "GET /health HTTP/1.1\r\nHost: here\r\nX-Forwarded-For: 2001:db8::{}\r\n\r\n"

    async def test(server: Listening) -> None:
        for number in range(OF_A_NETWORK):
            await server.web_socket("127.0.0.1", f"X-Forwarded-For: 2001:db8::{number + 1:x}")
        assert b" 429 " in await server.request(health.format("ffff"))
        assert b" 200 " in await server.request(health.format("1:0:0:0:1"))
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
