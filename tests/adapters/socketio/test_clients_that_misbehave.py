"""Clients that show no token, send what may not come, or take nothing."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.bootstrap.service import Service
from hexaccount.events.ports import EventFilter
from hexaccount_socketio import line, lines
from hexaccount_socketio.line import MOST_BYTES, MOST_WAITING
from tests.adapters.socketio.wire import House, entries_of, over, registered, run, token_of

AWAY = 6.0
"""Seconds after which nobody's patience with a stranger lasts."""


@pytest.mark.parametrize("says", [None, "3", '42["watch"]'], ids=["silent", "pongs", "events"])
def test_a_stranger_is_gone_in_seconds_whatever_they_send_and_though_they_ignore_the_end(
    service: Service, says: str | None
) -> None:
    async def test(house: House) -> None:
        async with house.visit() as client:
            if says:
                client.say("receive", text=says)
            await asyncio.sleep(1.2)
            assert client.closed is None
            house.watch.now += AWAY
            await client.ends()

    run(House(service.bus), test)


def test_a_stranger_who_takes_nothing_is_gone_all_the_same(service: Service) -> None:
    async def test(house: House) -> None:
        client, serving = await house.call()
        client.takes.clear()
        client.show("no.such.token")
        await client.until(lambda: client.blocks)
        house.watch.now += AWAY
        await over(serving)

    run(House(service.bus), test)


def test_who_comes_too_often_from_one_address_is_refused_before_they_are_in(service: Service) -> None:
    async def test(house: House) -> None:
        # At once, as a tenth of a second later there is room for one more.
        called = await asyncio.gather(*(house.call() for _ in range(300)))
        refused = [client for client, _ in called if client.status is not None]
        assert 0 < len(refused) <= 180
        assert {(client.status, b"too_many_attempts" in client.refusal) for client in refused} == {(429, True)}
        async with house.visit(peer="203.0.113.7") as other:
            assert other.heard
        for client, serving in called:
            client.say("disconnect", code=1000)
            await over(serving)

    run(House(service.bus), test)


def test_who_tries_tokens_on_one_connection_is_counted_for_each(service: Service) -> None:
    async def test(house: House) -> None:
        async with house.visit() as client:
            for _ in range(130):
                client.show("no.such.token")
            await client.until(lambda: any("too_many_attempts" in text for text in client.heard))

    run(House(service.bus), test)


def test_a_crowd_of_strangers_keeps_nobody_out(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MOST_STRANGERS", 5)
    registered(service)
    token = token_of(service)

    async def test(house: House) -> None:
        async with AsyncExitStack() as stack:
            known = await stack.enter_async_context(house.visit(token))
            crowd = [await stack.enter_async_context(house.visit()) for _ in range(8)]
            late = await stack.enter_async_context(house.visit(token))
            await crowd[0].ends()
            assert [late.closed, known.closed, crowd[-1].closed] == [None] * 3

    run(House(service.bus), test)


def test_a_full_house_says_so(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MOST", 2)

    async def test(house: House) -> None:
        async with house.visit(), house.visit(), house.visit() as third:
            assert (third.status, b'"full"' in third.refusal) == (503, True)

    run(House(service.bus), test)


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
def test_a_packet_that_may_not_come_ends_its_connection(service: Service, packet: dict[str, Any]) -> None:
    registered(service)
    token = token_of(service)

    async def test(house: House) -> None:
        async with house.visit(token) as client:
            client.say("receive", **packet)
            await client.ends()
            assert client.closed == (1008, "this packet may not come")

    run(House(service.bus), test)


def test_who_takes_no_answers_is_asked_for_nothing_more(service: Service) -> None:
    registered(service)
    token = token_of(service)

    async def test(house: House) -> None:
        async with house.visit(token) as client:
            client.takes.clear()
            for number in range(500):
                client.say("receive", text=f'42{number}["watch"]')
            await asyncio.sleep(0.2)
            assert client.unsaid > 450
            client.takes.set()
            await client.hears("43499")

    run(House(service.bus), test)


@pytest.fixture
def long_farewell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let those who are sent away hear of it when their test has got to that."""
    monkeypatch.setattr(line, "FAREWELL", 30.0)


@pytest.mark.usefixtures("long_farewell")
def test_who_takes_nothing_is_sent_away_before_much_waits_for_them(service: Service) -> None:
    registered(service)
    token = token_of(service)
    entry = service.store.history.page(EventFilter(), limit=1, after=None)[0]

    async def test(house: House) -> None:
        async with house.visit(token) as slow, house.visit(token) as quick:
            await tell_both(house, slow, quick, [entry])
            slow.takes.clear()
            for _ in range(12 * MOST_WAITING):
                await house.sockets.tell([entry])
            await quick.until(lambda: len(quick.events()) == 12 * MOST_WAITING + 1)
            slow.takes.set()
            await slow.hears('42["sent_away"')
            assert slow.sent_away() == ["too_slow"]
            assert len(slow.events()) <= 3
            await slow.ends()
            assert quick.closed is None

    run(House(service.bus), test)


@pytest.mark.usefixtures("long_farewell")
def test_what_waits_is_counted_in_bytes_too(service: Service) -> None:
    user_id = registered(service)
    token = token_of(service)
    service.bus.handle(UpdateProfile.of_text(user_id, {"bio": "é" * 990}))
    entry = entries_of(service)[-1]
    size = 6 * 990
    assert MOST_WAITING * size > MOST_BYTES

    async def test(house: House) -> None:
        async with house.visit(token) as slow, house.visit(token) as quick:
            await tell_both(house, slow, quick, [entry])
            slow.takes.clear()
            count = MOST_BYTES // size + 2
            await house.sockets.tell([entry] * count)
            await quick.until(lambda: len(quick.events()) == count + 1)
            slow.takes.set()
            await slow.hears('42["sent_away"')
            assert slow.sent_away() == ["too_slow"]
            assert quick.closed is None

    run(House(service.bus), test)


async def tell_both(house: House, slow: Any, quick: Any, entries: Any) -> None:
    """Wait until events reach both, which they do once their sessions have been looked at."""
    await house.sockets.tell(entries)
    await slow.hears('42["hexaccount')
    await quick.hears('42["hexaccount')


def test_an_account_has_no_more_sockets_than_a_few_sessions_need(service: Service) -> None:
    registered(service)
    tokens = [token_of(service) for _ in range(4)]

    async def test(house: House) -> None:
        async with AsyncExitStack() as stack:
            for number in range(50):
                await stack.enter_async_context(house.visit(tokens[number // 15]))
            more = await stack.enter_async_context(house.visit())
            more.show(tokens[3])
            assert "too_many_sockets" in await more.hears("44")

    run(House(service.bus), test)
