"""Clients that show no token, or take nothing, by the messages of ASGI: the kernel's buffers would hide them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from hexaccount.application.client_address import ClientAddresses
from hexaccount.application.log_in import LogIn
from hexaccount.application.ports.history import Chosen
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount_socketio import Sockets, create_application
from tests.application.people import PASSWORD, registration

MOST_WAITING = 1000


class Client:
    """One end of a WebSocket, as the server sees it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.takes = asyncio.Event()
        self.takes.set()
        self.ended = False
        self._says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def receive(self) -> dict[str, Any]:
        return await self._says.get()

    async def send(self, message: Any) -> None:
        await self.takes.wait()
        if message["type"] == "websocket.send":
            self.heard.append(message["text"])
        elif message["type"] == "websocket.close":
            self.ended = True

    def say(self, kind: str, **message: Any) -> None:
        self._says.put_nowait({"type": f"websocket.{kind}", **message})

    async def hears(self, beginning: str) -> str:
        """Return the first message that begins so, once it is there."""
        async with asyncio.timeout(10):
            while True:
                for text in self.heard:
                    if text.startswith(beginning):
                        return text
                await asyncio.sleep(0.01)


class Watch:
    """The time, as the sockets see it."""

    def __init__(self) -> None:
        self.now = 0.0


@pytest.fixture
def service():
    with open_service(Settings(store="memory://", password=PasswordSettings(cost=4))) as service:
        service.enrol()
        yield service


@asynccontextmanager
async def connected(sockets: Sockets) -> AsyncIterator[Client]:
    """Give a client whose WebSocket is open, and that has shown no token yet."""

    async def readiness() -> None:
        """Be ready."""

    application = create_application(sockets, readiness=readiness, draining=lambda: False)
    client = Client()
    scope = {
        "type": "websocket",
        "path": "/socket.io/",
        "query_string": b"EIO=4&transport=websocket",
        "headers": [(b"upgrade", b"websocket"), (b"connection", b"Upgrade")],
        "client": ("192.0.2.1", 4711),
        "scheme": "ws",
    }
    serving = asyncio.create_task(application(scope, client.receive, client.send))
    client.say("connect")
    await client.hears("0")
    yield client
    client.takes.set()
    client.say("disconnect", code=1000)
    async with asyncio.timeout(10):
        await serving


def run(service: Service, test: Callable[[Sockets, Watch], Coroutine[Any, Any, None]]) -> None:
    """Run a test on an event loop, with sockets that are looked after."""

    async def on_a_loop() -> None:
        watch = Watch()
        sockets = Sockets(
            bus=service.bus,
            addresses=ClientAddresses([]),
            cors_origins=[],
            draining=lambda: False,
            now=lambda: watch.now,
        )
        looking = asyncio.create_task(sockets.look_after())
        await test(sockets, watch)
        looking.cancel()
        await sockets.close()

    asyncio.run(on_a_loop())


def token_of(service: Service) -> str:
    service.bus.handle(registration("ada"))
    return service.bus.handle(LogIn(user_name="ada", password=PASSWORD)).token


def test_who_shows_no_token_for_seconds_is_sent_away(service: Service) -> None:
    async def test(sockets: Sockets, watch: Watch) -> None:
        async with connected(sockets) as client:
            await asyncio.sleep(1.2)
            assert not client.ended
            watch.now += timedelta(seconds=6).total_seconds()
            await client.hears("1")  # Engine.IO's word for the end

    run(service, test)


@pytest.mark.parametrize(
    "packet",
    [
        {"text": '42["connect",{"HTTP_AUTHORIZATION":"Bearer x","QUERY_STRING":"","asgi.scope":{}}]'},
        {"text": '42["disconnect"]'},
        {"text": '452-["watch",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'},
        {"text": "42" + "[" * 5000},
        {"text": '42["watch","' + "x" * 9000 + '"]'},
        {"text": "6"},
        {"bytes": b"\x00" * 10},
    ],
    ids=["connect", "disconnect", "attachments", "deep", "long", "noop", "binary"],
)
def test_a_packet_that_may_not_come_ends_its_connection(service: Service, packet: dict[str, Any]) -> None:
    token = token_of(service)

    async def test(sockets: Sockets, _watch: Watch) -> None:
        async with connected(sockets) as client:
            client.say("receive", text="40" + json.dumps({"token": token}))
            await client.hears("40")
            client.say("receive", **packet)
            async with asyncio.timeout(10):
                while sockets.server.eio.sockets:
                    await asyncio.sleep(0.01)

    run(service, test)


def test_who_takes_nothing_is_sent_away_before_much_waits_for_them(service: Service) -> None:
    token = token_of(service)
    entry = service.store.history.page(Chosen(), limit=1, after=None)[0]

    async def test(sockets: Sockets, _watch: Watch) -> None:
        async with connected(sockets) as slow, connected(sockets) as quick:
            for client in (slow, quick):
                client.say("receive", text="40" + json.dumps({"token": token}))
                await client.hears("40")
            slow.takes.clear()
            for number in range(MOST_WAITING + 200):
                await sockets.tell([entry])
                if number % 100 == 0:
                    await asyncio.sleep(0.01)
            await quick.hears("42")
            assert len(sockets.server.eio.sockets) == 2
            slow.takes.set()
            gone = await slow.hears('42["sent_away"')
            assert json.loads(gone[2:])[1]["code"] == "too_slow"
            events = [text for text in slow.heard if text.startswith('42["hexaccount')]
            assert MOST_WAITING <= len(events) <= MOST_WAITING + 5
            assert len([text for text in quick.heard if text.startswith('42["hexaccount')]) == MOST_WAITING + 200

    run(service, test)
