"""Clients that exchange ASGI messages with the socket server: TCP buffers would hide a client that reads nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hexaccount.bootstrap.service import Service
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.cors import CorsPolicy
from hexaccount.observability.readiness import ReadinessReport
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.authenticate import Authenticate
from hexaccount_granian.client_address import ClientAddresses
from hexaccount_socketio import SocketServer, create_application
from hexaccount_socketio.asgi import Scope
from tests.people import PASSWORD, registration


class Client:
    """The client of one WebSocket. It reads messages while `reads` is set."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.blocked = False
        self.status: int | None = None
        self.body: Any = None
        self.closed: tuple[int, str] | None = None
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def receive(self) -> dict[str, Any]:
        return await self._sent.get()

    async def send(self, message: Any) -> None:
        self.blocked = not self.reads.is_set()
        async with asyncio.timeout(40):  # a failing test must end too
            await self.reads.wait()
        self.blocked = False
        match message["type"]:
            case "websocket.send":
                self.received.append(message["text"])
            case "websocket.close":
                self.closed = (message["code"], message["reason"])
            case "websocket.http.response.start" | "http.response.start":
                self.status = message["status"]
            case "websocket.http.response.body" | "http.response.body":
                self.body = message["body"]

    def send_message(self, kind: str, **message: Any) -> None:
        self._sent.put_nowait({"type": f"websocket.{kind}", **message})

    def authenticate(self, token: str) -> None:
        self.send_message("receive", text="40" + json.dumps({"token": token}))

    @property
    def unread(self) -> int:
        """Return how many messages the server has not read yet."""
        return self._sent.qsize()

    async def expect(self, prefix: str) -> str:
        """Wait for a message, and return the first one with a prefix."""
        received = await self.until(lambda: any(text.startswith(prefix) for text in self.received))
        return next(text for text in received if text.startswith(prefix))

    async def until(self, condition: Callable[[], bool]) -> list[str]:
        """Wait for a condition, and return the messages received by then."""
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.01)
        return list(self.received)

    async def wait_closed(self) -> None:
        await self.until(lambda: self.closed is not None)

    def events(self) -> list[str]:
        """Return the ids of the events received."""
        return [json.loads(text[2:])[1]["id"] for text in self.received if text.startswith('42["hexaccount')]

    def closing_codes(self) -> list[str]:
        """Return the codes of the `closing` events received."""
        return [json.loads(text[2:])[1]["code"] for text in self.received if text.startswith('42["closing"')]


class FakeClock:
    """The time of the socket server."""

    def __init__(self) -> None:
        self.now = 0.0


class Server:
    """The socket server of a worker, to which clients connect."""

    def __init__(
        self,
        bus: MessageBus,
        *,
        trusted: Sequence[str] = (),
        cors_origins: Sequence[str] = (),
        public_url: str | None = None,
        draining: Callable[[], bool] = lambda: False,
    ) -> None:
        self.clock = FakeClock()
        self.refusals: list[tuple[str, str, str]] = []
        self.sockets = SocketServer(
            bus=bus,
            addresses=ClientAddresses(trusted),
            cors=CorsPolicy(cors_origins),
            public_url=public_url,
            draining=draining,
            on_refused=lambda *refusal: self.refusals.append(refusal),
            now=lambda: self.clock.now,
        )

        async def readiness() -> ReadinessReport:
            return ReadinessReport()

        self.application = create_application(self.sockets, readiness=readiness)

    async def open(self, *headers: tuple[bytes, bytes], **scope: Any) -> tuple[Client, asyncio.Task[None]]:
        """Return a client whose WebSocket is open, or denied, and the task that serves it."""
        client = Client()
        serving = asyncio.create_task(self.application(websocket(*headers, **scope), client.receive, client.send))
        client.send_message("connect")
        await client.until(lambda: bool(client.received or client.closed or client.status))
        return client, serving

    @asynccontextmanager
    async def connected(self, token: str | None = None, **scope: Any) -> AsyncIterator[Client]:
        """Yield a client whose WebSocket is open, or denied, and authenticated if there is a token."""
        client, serving = await self.open(**scope)
        if token is not None:
            client.authenticate(token)
            await client.expect("40{")
        yield client
        client.reads.set()
        client.send_message("disconnect", code=1000)
        await ended(serving)


async def ended(serving: asyncio.Task[None]) -> None:
    """Wait until a WebSocket is no longer served; a time-out that cancels the task would end it too."""
    done, _ = await asyncio.wait({serving}, timeout=20)
    assert done
    await serving


def websocket(*headers: tuple[bytes, bytes], peer: str = "192.0.2.1", **scope: Any) -> Scope:
    """Return the ASGI scope of a WebSocket."""
    return {
        "type": "websocket",
        "path": "/socket.io/",
        "query_string": b"EIO=4&transport=websocket",
        "headers": [(b"host", b"here"), (b"upgrade", b"websocket"), (b"connection", b"Upgrade"), *headers],
        "client": (peer, 4711),
        "scheme": "ws",
        **scope,
    }


def run(server: Server, test: Callable[[Server], Coroutine[Any, Any, None]]) -> None:
    """Run a test on an event loop, with the maintenance of the sockets."""

    async def on_a_loop() -> None:
        maintenance = asyncio.create_task(server.sockets.maintain())
        try:
            await test(server)
        finally:
            maintenance.cancel()
            await server.sockets.close()

    asyncio.run(on_a_loop())


def registered(service: Service, name: str = "ada") -> Any:
    """Register a user, and return the id."""
    return service.bus.handle(registration(name))


def token_of(service: Service, name: str = "ada") -> str:
    """Log a user in, and return the access token."""
    return service.bus.handle(LogIn(user_name=name, password=PASSWORD)).token


def session_of(service: Service, token: str) -> Any:
    """Return the id of the session of a token."""
    return service.bus.handle(Authenticate(token=token)).session_id


def entries_of(service: Service) -> list[JournalEntry]:
    """Return all events."""
    return list(service.container.history().page(EventFilter(), limit=10_000, after=None))
