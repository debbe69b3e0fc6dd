import asyncio
import threading

import pytest

from hexaccount_granian.deadlines import Deadlines
from hexaccount_granian.exchange import Exchange
from hexaccount_granian.wsgi_call import Answer


class Wire:
    """Stands where granian's connection stands."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, bytes | None]] = []

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.sent.append((status, None))

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.sent.append((status, body))


def test_of_many_answers_given_at_once_one_is_sent() -> None:
    async def race() -> list[int]:
        wire, start = Wire(), threading.Barrier(9)
        exchange = Exchange("GET", wire, asyncio.get_running_loop())

        def answer(status: int) -> None:
            start.wait(20)
            exchange.answer(Answer(status, [], b"x"))

        threads = [threading.Thread(target=answer, args=(200 + n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        start.wait(20)
        await asyncio.wait_for(exchange.sent, 20)
        for thread in threads:
            thread.join(20)
        assert exchange.answered
        return [status for status, _ in wire.sent]

    for _ in range(50):
        assert len(asyncio.run(race())) == 1


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_answers_that_have_no_body_are_sent_without_one(method: str, status: int) -> None:
    async def run() -> None:
        wire = Wire()
        Exchange(method, wire, asyncio.get_running_loop()).answer(Answer(status, [], b"x"))
        assert wire.sent == [(status, None)]

    asyncio.run(run())


def test_a_late_answer_finds_a_closed_loop_without_harm() -> None:
    async def make() -> tuple[Exchange, Wire]:
        wire = Wire()
        return Exchange("GET", wire, asyncio.get_running_loop()), wire

    exchange, wire = asyncio.run(make())
    exchange.answer(Answer(200, [], b"late"))
    assert wire.sent == [(200, b"late")]


def test_deadlines_give_up_what_is_due_and_nothing_else() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        given_up: asyncio.Queue[Exchange] = asyncio.Queue()
        deadlines = Deadlines(loop, 0.05, given_up.put_nowait)
        first, done, last = (Exchange("GET", Wire(), loop) for _ in range(3))
        deadlines.start(first)
        deadlines.start(done)
        deadlines.stop(done)
        assert await asyncio.wait_for(given_up.get(), 20) is first
        deadlines.start(last)
        assert await asyncio.wait_for(given_up.get(), 20) is last
        assert given_up.empty()

    asyncio.run(run())
