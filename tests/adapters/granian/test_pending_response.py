import asyncio
import threading
from dataclasses import dataclass

import pytest

from hexaccount_granian.deadlines import Deadlines
from hexaccount_granian.pending_response import PendingResponse
from hexaccount_granian.wsgi_call import Response


@dataclass(frozen=True)
class FakeScope:
    """Replaces granian's view of a request."""

    method: str = "GET"


class FakeConnection:
    """Replaces granian's connection."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, bytes | None]] = []

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.sent.append((status, None))

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.sent.append((status, body))


def test_only_one_of_several_concurrent_responses_is_sent() -> None:
    async def race() -> list[int]:
        connection, start = FakeConnection(), threading.Barrier(9)
        pending = PendingResponse(FakeScope(), connection, asyncio.get_running_loop())

        def send(status: int) -> None:
            start.wait(20)
            pending.send(Response(status, [], b"x"))

        threads = [threading.Thread(target=send, args=(200 + n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        start.wait(20)
        await asyncio.wait_for(pending.sent, 20)
        for thread in threads:
            thread.join(20)
        assert pending.answered
        return [status for status, _ in connection.sent]

    for _ in range(50):
        assert len(asyncio.run(race())) == 1


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
def test_responses_that_may_have_no_body_are_sent_without_one(method: str, status: int) -> None:
    async def run() -> None:
        connection = FakeConnection()
        PendingResponse(FakeScope(method), connection, asyncio.get_running_loop()).send(Response(status, [], b"x"))
        assert connection.sent == [(status, None)]

    asyncio.run(run())


def test_a_response_after_the_loop_has_closed_raises_nothing() -> None:
    async def make() -> tuple[PendingResponse, FakeConnection]:
        connection = FakeConnection()
        return PendingResponse(FakeScope(), connection, asyncio.get_running_loop()), connection

    pending, connection = asyncio.run(make())
    pending.send(Response(200, [], b"late"))
    assert connection.sent == [(200, b"late")]


def test_only_responses_past_their_deadline_expire() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        expired: asyncio.Queue[PendingResponse] = asyncio.Queue()
        deadlines = Deadlines(loop, 0.05, expired.put_nowait)
        first, done, last = (PendingResponse(FakeScope(), FakeConnection(), loop) for _ in range(3))
        deadlines.start(first)
        deadlines.start(done)
        deadlines.stop(done)
        assert await asyncio.wait_for(expired.get(), 20) is first
        deadlines.start(last)
        assert await asyncio.wait_for(expired.get(), 20) is last
        assert expired.empty()

    asyncio.run(run())
