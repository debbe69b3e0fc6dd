"""Clients as the sockets see them, by the messages of ASGI: the kernel's buffers would hide who takes nothing."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

from hexaccount.bootstrap.service import Service
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.client_address import ClientAddresses
from hexaccount.observability.readiness import ReadinessReport
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.authenticate import Authenticate
from hexaccount_socketio import Sockets, create_application
from hexaccount_socketio.line import Scope
from tests.application.people import PASSWORD, registration


class Client:
    """One end of a WebSocket, as the server sees it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.blocks = False
        self.status: int | None = None
        self.refusal: Any = None
        self.closed: tuple[int, str] | None = None
        self._says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def receive(self) -> dict[str, Any]:
        return await self._says.get()

    async def send(self, message: Any) -> None:
        self.blocks = not self.takes.is_set()
        async with asyncio.timeout(40):  # a test that fails must end, too
            await self.takes.wait()
        self.blocks = False
        match message["type"]:
            case "websocket.send":
                self.heard.append(message["text"])
            case "websocket.close":
                self.closed = (message["code"], message["reason"])
            case "websocket.http.response.start" | "http.response.start":
                self.status = message["status"]
            case "websocket.http.response.body" | "http.response.body":
                self.refusal = message["body"]

    def say(self, kind: str, **message: Any) -> None:
        self._says.put_nowait({"type": f"websocket.{kind}", **message})

    def show(self, token: str) -> None:
        self.say("receive", text="40" + json.dumps({"token": token}))

    @property
    def unsaid(self) -> int:
        """Return how many messages the server has not asked for yet."""
        return self._says.qsize()

    async def hears(self, beginning: str) -> str:
        """Return the first message that begins so, once it is there."""
        return next(text for text in await self.until(lambda: self._heard(beginning)) if text.startswith(beginning))

    async def until(self, condition: Callable[[], bool]) -> list[str]:
        """Wait for something, and return what has been heard by then."""
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.01)
        return list(self.heard)

    async def ends(self) -> None:
        """Wait for the end of the WebSocket."""
        await self.until(lambda: self.closed is not None)

    def events(self) -> list[str]:
        """Return the ids of the events that were heard."""
        return [json.loads(text[2:])[1]["id"] for text in self.heard if text.startswith('42["hexaccount')]

    def sent_away(self) -> list[str]:
        """Return the reasons for which the client was sent away."""
        return [json.loads(text[2:])[1]["code"] for text in self.heard if text.startswith('42["sent_away"')]

    def _heard(self, beginning: str) -> bool:
        return any(text.startswith(beginning) for text in self.heard)


class Watch:
    """The time, as the sockets see it."""

    def __init__(self) -> None:
        self.now = 0.0


class House:
    """The sockets of a worker, to which clients come."""

    def __init__(self, bus: Bus, *, trusted: Sequence[str] = (), draining: Callable[[], bool] = lambda: False) -> None:
        self.watch = Watch()
        self.sockets = Sockets(
            bus=bus,
            addresses=ClientAddresses(trusted),
            cors_origins=[],
            draining=draining,
            now=lambda: self.watch.now,
        )

        async def readiness() -> ReadinessReport:
            return ReadinessReport()

        self.application = create_application(self.sockets, readiness=readiness)

    async def call(self, *headers: tuple[bytes, bytes], **scope: Any) -> tuple[Client, asyncio.Task[None]]:
        """Return a client whose WebSocket is open, or refused, and the task that serves it."""
        client = Client()
        serving = asyncio.create_task(self.application(websocket(*headers, **scope), client.receive, client.send))
        client.say("connect")
        await client.until(lambda: bool(client.heard or client.closed or client.status))
        return client, serving

    @asynccontextmanager
    async def visit(self, token: str | None = None, **scope: Any) -> AsyncIterator[Client]:
        """Give a client whose WebSocket is open, or refused, and who has shown a token if there is one."""
        client, serving = await self.call(**scope)
        if token is not None:
            client.show(token)
            await client.hears("40{")
        yield client
        client.takes.set()
        client.say("disconnect", code=1000)
        await over(serving)


async def over(serving: asyncio.Task[None]) -> None:
    """Wait for the end of what serves a WebSocket; to cancel it would end it, too."""
    done, _ = await asyncio.wait({serving}, timeout=20)
    assert done
    await serving


def websocket(*headers: tuple[bytes, bytes], peer: str = "192.0.2.1", **scope: Any) -> Scope:
    """Return the scope of a WebSocket."""
    return {
        "type": "websocket",
        "path": "/socket.io/",
        "query_string": b"EIO=4&transport=websocket",
        "headers": [(b"host", b"here"), (b"upgrade", b"websocket"), (b"connection", b"Upgrade"), *headers],
        "client": (peer, 4711),
        "scheme": "ws",
        **scope,
    }


def run(house: House, test: Callable[[House], Coroutine[Any, Any, None]]) -> None:
    """Run a test on an event loop, with sockets that are looked after."""

    async def on_a_loop() -> None:
        looking = asyncio.create_task(house.sockets.look_after())
        try:
            await test(house)
        finally:
            looking.cancel()
            await house.sockets.close()

    asyncio.run(on_a_loop())


def registered(service: Service, name: str = "ada") -> Any:
    """Register somebody, and return their id."""
    return service.bus.handle(registration(name))


def token_of(service: Service, name: str = "ada") -> str:
    """Log somebody in."""
    return service.bus.handle(LogIn(user_name=name, password=PASSWORD)).token


def session_of(service: Service, token: str) -> Any:
    """Return the id of the session of a token."""
    return service.bus.handle(Authenticate(token=token)).session_id


def entries_of(service: Service) -> list[JournalEntry]:
    """Return all events."""
    return list(service.store.history.page(EventFilter(), limit=10_000, after=None))
