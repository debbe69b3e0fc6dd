"""Clients of the socket server that send what they like over real connections."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from hexaccount.kernel.cors import CorsPolicy
from hexaccount_granian.client_address import ClientAddresses
from hexaccount_socketio import HttpServer
from hexaccount_socketio.asgi import Application
from hexaccount_socketio.refusals import RefusalObserver, no_observer

R = TypeVar("R")
UPGRADE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
)
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


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
async def listening(
    application: Application,
    trusted: Sequence[str],
    on_refused: RefusalObserver = no_observer,
    cors_origins: Sequence[str] = (),
) -> AsyncIterator[Listening]:
    """Serve an application on a free port."""
    cors = CorsPolicy(cors_origins)
    http = HttpServer(application, addresses=ClientAddresses(trusted), cors=cors, on_refused=on_refused)
    bound = socket.create_server(("127.0.0.1", 0))
    async with AsyncExitStack() as stack:
        await http.start(bound, 1000)
        stack.push_async_callback(http.close)
        yield Listening(bound.getsockname()[1], stack)
