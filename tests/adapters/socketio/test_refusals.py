"""What clients receive that connect in an unsupported way, or that cannot be authenticated."""

import asyncio
import json
import threading
from typing import Any

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.sessions.authenticate import Authenticate
from hexaccount_socketio import authentication
from tests.adapters.socketio.clients import Server, registered, run, token_of

pytestmark = pytest.mark.long


class HangingBus(MessageBus):
    """A bus whose store hangs until `fails` is set, and then fails."""

    def __init__(self, service: Service) -> None:
        self._inner = service.bus
        self.queried = threading.Event()
        self.fails = threading.Event()

    def handle(self, message: Any) -> Any:
        if isinstance(message, Authenticate):
            self.queried.set()
            assert self.fails.wait(60)
            raise StoreUnavailable("the store is unavailable")
        return self._inner.handle(message)


def test_a_client_that_waits_for_the_store_is_not_disconnected_as_unauthenticated(service: Service) -> None:
    bus = HangingBus(service)

    async def test(server: Server) -> None:
        async with server.connected() as client:
            client.authenticate("some.token.or-other")
            await client.until(bus.queried.is_set)
            server.clock.now += 60
            await asyncio.sleep(1.2)
            assert client.closed is None
            bus.fails.set()
            assert '"unavailable"' in await client.expect("44")

    run(Server(bus), test)


def test_authentication_times_out_when_the_store_hangs(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "_CLIENT_TIMEOUT_SECONDS", 0.05)
    bus = HangingBus(service)

    async def test(server: Server) -> None:
        async with server.connected() as client:
            client.authenticate("some.token.or-other")
            assert '"unavailable"' in await client.expect("44")
        bus.fails.set()

    run(Server(bus), test)


@pytest.mark.parametrize("packet", ["40/other,", "40/other", '40/other,{"token":"x"}', "40/admin?a=b,"])
def test_another_namespace_is_refused_by_name(service: Service, packet: str) -> None:
    async def test(server: Server) -> None:
        async with server.connected() as client:
            client.send_message("receive", text=packet)
            error = await client.expect("44/")
            assert json.loads(error.partition(",")[2])["data"]["code"] == "unknown_namespace"

    run(Server(service.bus), test)


def test_websockets_are_accepted_at_one_path_only(service: Service) -> None:
    async def test(server: Server) -> None:
        async with server.connected(path="/elsewhere") as client:
            assert (client.status, b"not_found" in client.body) == (404, True)

    run(Server(service.bus), test)


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [
        ("GET", b"EIO=4&transport=polling&t=x", 200),
        ("GET", b"EIO=4&transport=polling&sid=x", 400),
        ("POST", b"EIO=4&transport=polling&sid=x", 400),
        ("GET", b"EIO=3&transport=polling", 400),
        ("GET", b"", 400),
    ],
)
def test_long_polling_is_refused_with_an_error_that_clients_show(
    service: Service, method: str, query: bytes, status: int
) -> None:
    async def test(server: Server) -> None:
        client, serving = await server.open(type="http", method=method, query_string=query)
        assert client.status == status
        assert b"websockets_only" in client.body
        await serving

    run(Server(service.bus), test)


def test_sockets_close_and_connections_are_denied_while_draining(service: Service) -> None:
    registered(service)
    token = token_of(service)

    async def test(server: Server) -> None:
        async with server.connected(token) as client, server.connected() as unauthenticated:
            not_reading, serving = await server.open()
            not_reading.reads.clear()
            await server.sockets.close()
            assert client.closing_codes() == ["draining"]
            assert (client.closed, unauthenticated.closed) == ((1000, "draining"), (1001, "draining"))
            await serving
            async with server.connected() as late:
                assert (late.status, b'"draining"' in late.body) == (503, True)

    run(Server(service.bus), test)
