"""What clients are told that come in a way that is not served, or when it cannot be said who they are."""

import asyncio
import json
import threading
from typing import Any

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.sessions.authenticate import Authenticate
from hexaccount_socketio import sockets
from tests.adapters.socketio.wire import House, registered, run, token_of


class HangingBus(Bus):
    """A bus to a store that gives no answer until it is let go, and then fails."""

    def __init__(self, service: Service) -> None:
        self._inner = service.bus
        self.asked = threading.Event()
        self.fails = threading.Event()

    def handle(self, message: Any) -> Any:
        if isinstance(message, Authenticate):
            self.asked.set()
            assert self.fails.wait(60)
            raise StoreUnavailable("the store is away")
        return self._inner.handle(message)


def test_who_comes_while_the_store_hangs_is_told_so_however_long_that_takes(service: Service) -> None:
    bus = HangingBus(service)

    async def test(house: House) -> None:
        async with house.visit() as client:
            client.show("some.token.or-other")
            await client.until(bus.asked.is_set)
            house.watch.now += 60
            await asyncio.sleep(1.2)
            assert client.closed is None
            bus.fails.set()
            assert '"unavailable"' in await client.hears("44")

    run(House(bus), test)


def test_nobody_waits_for_ever_for_a_store_that_hangs(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_PATIENCE", 0.05)
    bus = HangingBus(service)

    async def test(house: House) -> None:
        async with house.visit() as client:
            client.show("some.token.or-other")
            assert '"unavailable"' in await client.hears("44")
        bus.fails.set()

    run(House(bus), test)


@pytest.mark.parametrize("packet", ["40/other,", "40/other", '40/other,{"token":"x"}', "40/admin?a=b,"])
def test_another_namespace_is_refused_by_name(service: Service, packet: str) -> None:
    async def test(house: House) -> None:
        async with house.visit() as client:
            client.say("receive", text=packet)
            told = await client.hears("44/")
            assert json.loads(told.partition(",")[2])["data"]["code"] == "unknown_namespace"

    run(House(service.bus), test)


@pytest.mark.parametrize(
    ("peer", "trusted", "let_in"),
    [("192.0.2.1", (), False), ("192.0.2.1", ("192.0.2.0/24",), True), ("203.0.113.9", ("192.0.2.0/24",), False)],
    ids=["nobody is trusted", "a proxy of ours", "somebody else"],
)
def test_only_a_proxy_of_ours_says_which_host_a_page_may_belong_to(
    service: Service, peer: str, trusted: tuple[str, ...], let_in: bool
) -> None:
    forwarded = [(b"x-forwarded-host", b"page.example"), (b"X-Forwarded-Proto", b"https")]

    async def test(house: House) -> None:
        client, serving = await house.call((b"origin", b"https://page.example"), *forwarded, peer=peer)
        assert bool(client.heard) == let_in
        client.say("disconnect", code=1000)
        await serving

    run(House(service.bus, trusted=trusted), test)


def test_there_are_websockets_at_one_path_only(service: Service) -> None:
    async def test(house: House) -> None:
        async with house.visit(path="/elsewhere") as client:
            assert (client.status, b"not_found" in client.refusal) == (404, True)

    run(House(service.bus), test)


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
def test_long_polling_is_refused_in_words_that_its_clients_show(
    service: Service, method: str, query: bytes, status: int
) -> None:
    async def test(house: House) -> None:
        client, serving = await house.call(type="http", method=method, query_string=query)
        assert client.status == status
        assert b"websockets_only" in client.refusal
        await serving

    run(House(service.bus), test)


def test_who_comes_during_the_end_is_told_to_come_again(service: Service) -> None:
    registered(service)
    token = token_of(service)

    async def test(house: House) -> None:
        async with house.visit(token) as client, house.visit() as stranger:
            stubborn, serving = await house.call()
            stubborn.takes.clear()
            await house.sockets.close()
            assert client.sent_away() == ["draining"]
            assert (client.closed, stranger.closed) == ((1000, "draining"), (1001, "draining"))
            await serving
            async with house.visit() as late:
                assert (late.status, b'"draining"' in late.refusal) == (503, True)

    run(House(service.bus), test)
