"""Clients that show no token, send invalid packets, or read nothing."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.bootstrap.service import Service
from hexaccount.events.ports import EventFilter
from hexaccount_socketio import connection, connection_pool
from hexaccount_socketio.event_queue import MAX_BYTES, MAX_EVENTS
from hexaccount_socketio.watching import WATCH
from tests.adapters.socketio.clients import Client, Server, ended, entries_of, registered, run, token_of

pytestmark = pytest.mark.long

TOO_LATE = 6.0
"""Seconds after which a client that has shown no token is disconnected."""


@pytest.mark.parametrize("message", [None, "3", '42["watch"]'], ids=["silent", "pongs", "events"])
def test_an_unauthenticated_client_is_disconnected_in_seconds_whatever_it_sends(
    service: Service, message: str | None
) -> None:
    async def test(server: Server) -> None:
        async with server.connected() as client:
            if message:
                client.send_message("receive", text=message)
            await asyncio.sleep(1.2)
            assert client.closed is None
            server.clock.now += TOO_LATE
            await client.wait_closed()

    run(Server(service.bus), test)


def test_an_unauthenticated_client_that_reads_nothing_is_disconnected_too(service: Service) -> None:
    async def test(server: Server) -> None:
        client, serving = await server.open()
        client.reads.clear()
        client.authenticate("no.such.token")
        await client.until(lambda: client.blocked)
        server.clock.now += TOO_LATE
        await ended(serving)

    run(Server(service.bus), test)


def test_too_many_connections_from_one_address_are_denied_in_the_handshake(service: Service) -> None:
    async def test(server: Server) -> None:
        # Concurrently: a tenth of a second later one more is allowed.
        opened = await asyncio.gather(*(server.open() for _ in range(300)))
        denied = [client for client, _ in opened if client.status is not None]
        assert 0 < len(denied) <= 180
        assert {(client.status, b"too_many_attempts" in client.body) for client in denied} == {(429, True)}
        async with server.connected(peer="203.0.113.7") as other:
            assert other.received
        for client, serving in opened:
            client.send_message("disconnect", code=1000)
            await ended(serving)

    run(Server(service.bus), test)


def test_each_token_tried_on_one_connection_counts_as_an_attempt(service: Service) -> None:
    async def test(server: Server) -> None:
        async with server.connected() as client:
            for _ in range(600):  # ten a second are permitted, and a busy machine checks few more
                client.authenticate("no.such.token")
            await client.until(lambda: any("too_many_attempts" in text for text in client.received))

    run(Server(service.bus), test)


def test_a_crowd_of_unauthenticated_clients_keeps_no_user_out(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_pool, "_MAX_UNAUTHENTICATED", 5)
    registered(service)
    token = token_of(service)

    async def test(server: Server) -> None:
        async with AsyncExitStack() as stack:
            known = await stack.enter_async_context(server.connected(token))
            crowd = [await stack.enter_async_context(server.connected()) for _ in range(8)]
            late = await stack.enter_async_context(server.connected(token))
            await crowd[0].wait_closed()
            assert [late.closed, known.closed, crowd[-1].closed] == [None] * 3

    run(Server(service.bus), test)


def test_a_full_worker_denies_further_connections(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_pool, "_MAX_CONNECTIONS", 2)

    async def test(server: Server) -> None:
        async with server.connected(), server.connected(), server.connected() as third:
            assert (third.status, b'"full"' in third.body) == (503, True)
            assert server.refusals == [("connect", "full", "192.0.2.1")]

    run(Server(service.bus), test)


@pytest.mark.parametrize(
    "packet",
    [
        {"text": '42["connect",{"HTTP_AUTHORIZATION":"Bearer x","QUERY_STRING":"","asgi.scope":{}}]'},
        {"text": '42["disconnect"]'},
        {"text": '452-["watch",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'},
        {"text": "42" + "[" * 5000},
        {"text": '42["watch","' + "x" * 9000 + '"]'},
        {"text": '42/other,["watch"]'},
        {"text": "6"},
        {"bytes": b"\x00" * 10},
    ],
    ids=["connect", "disconnect", "attachments", "deep", "long", "other namespace", "noop", "binary"],
)
def test_an_invalid_packet_closes_its_connection(service: Service, packet: dict[str, Any]) -> None:
    registered(service)
    token = token_of(service)

    async def test(server: Server) -> None:
        async with server.connected(token) as client:
            client.send_message("receive", **packet)
            await client.wait_closed()
            assert client.closed == (1008, "this packet is not allowed")

    run(Server(service.bus), test)


def test_no_messages_are_read_from_a_client_that_reads_no_responses(service: Service) -> None:
    registered(service)
    token = token_of(service)

    async def test(server: Server) -> None:
        async with server.connected(token) as client:
            client.reads.clear()
            for number in range(500):
                client.send_message("receive", text=f'42{number}["watch"]')
            await asyncio.sleep(0.2)
            assert client.unread > 450
            client.reads.set()
            await client.expect("43499")

    run(Server(service.bus), test)


@pytest.fixture
def long_close_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients read the `closing` event later in the test."""
    monkeypatch.setattr(connection, "CLOSE_TIMEOUT", 30.0)


@pytest.mark.usefixtures("long_close_timeout")
def test_a_client_that_reads_nothing_is_closed_before_many_events_wait(service: Service) -> None:
    registered(service)
    token = token_of(service)
    entry = service.container.history().page(EventFilter(), limit=1, after=None)[0]

    async def test(server: Server) -> None:
        async with server.connected(token) as slow, server.connected(token) as fast:
            await publish_to_both(server, slow, fast, [entry])
            slow.reads.clear()
            for _ in range(12 * MAX_EVENTS):
                await server.sockets.publish([entry])
            await fast.until(lambda: len(fast.events()) == 12 * MAX_EVENTS + 1)
            slow.reads.set()
            await slow.expect('42["closing"')
            assert slow.closing_codes() == ["too_slow"]
            assert len(slow.events()) <= 3
            await slow.wait_closed()
            assert fast.closed is None

    run(Server(service.bus), test)


@pytest.mark.usefixtures("long_close_timeout")
def test_the_bytes_of_waiting_events_are_limited_too(service: Service) -> None:
    user_id = registered(service)
    token = token_of(service)
    service.bus.handle(UpdateProfile.of_text(user_id, {"bio": "é" * 990}))
    entry = entries_of(service)[-1]
    size = 6 * 990
    assert MAX_EVENTS * size > MAX_BYTES

    async def test(server: Server) -> None:
        async with server.connected(token) as slow, server.connected(token) as fast:
            await publish_to_both(server, slow, fast, [entry])
            slow.reads.clear()
            count = MAX_BYTES // size + 2
            await server.sockets.publish([entry] * count)
            await fast.until(lambda: len(fast.events()) == count + 1)
            slow.reads.set()
            await slow.expect('42["closing"')
            assert slow.closing_codes() == ["too_slow"]
            assert fast.closed is None

    run(Server(service.bus), test)


async def publish_to_both(server: Server, slow: Any, fast: Any, entries: Any) -> None:
    """Wait until events reach both clients, which they do after the first check of their sessions."""
    await server.sockets.publish(entries)
    await slow.expect('42["hexaccount')
    await fast.expect('42["hexaccount')


def test_the_sockets_of_an_account_are_limited(service: Service) -> None:
    registered(service)
    tokens = [token_of(service) for _ in range(4)]

    async def test(server: Server) -> None:
        async with AsyncExitStack() as stack:
            for number in range(50):
                await stack.enter_async_context(server.connected(tokens[number // 15]))
            more = await stack.enter_async_context(server.connected())
            more.authenticate(tokens[3])
            assert "too_many_sockets" in await more.expect("44")
            assert server.refusals == [("connect", "too_many_sockets", "192.0.2.1")]

    run(Server(service.bus), test)


def test_each_request_to_watch_counts_for_the_account(service: Service) -> None:
    registered(service)
    token = token_of(service)

    async def test(server: Server) -> None:
        async with server.connected(token) as one, server.connected(token) as other:
            answers = [await answer(one, number) for number in range(WATCH.limit.burst.capacity + 1)]
            assert "insufficient_scope" in answers[0]
            assert "too_many_attempts" in answers[-1]
            assert "too_many_attempts" in await answer(other, 0)

    async def answer(client: Client, number: int) -> str:
        client.send_message("receive", text=f'42{number}["watch"]')
        return await client.expect(f"43{number}[")

    run(Server(service.bus), test)
