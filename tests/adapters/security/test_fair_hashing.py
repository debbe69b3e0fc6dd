"""Whose turn a hash takes, and whose place it takes where the queue is full."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import pytest

from hexaccount.kernel.causation import Cause, acting, caused_by
from hexaccount.passwords.hash_share import HashShare, current_hash_share, hashing_for_known
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount_security import HashingPool


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(64) as callers:
        yield callers


class Line:
    """A pool with one slot that is taken until `open`, and calls that wait."""

    def __init__(self, callers: ThreadPoolExecutor, queue: int) -> None:
        self.pool = HashingPool(slots=1, queue=queue)
        self.order: list[str] = []
        self._called: list[Future[None]] = []
        self._callers = callers
        self._gate = threading.Event()
        self._first = callers.submit(self.pool.run, self._gate.wait)
        self._until(lambda: self.pool.running == 1)

    def call(self, subject: str, *, is_known: bool = False) -> "Future[None]":
        """Queue a call, which is waiting or refused when this returns."""

        def run() -> None:
            actor = "user:somebody" if is_known else None
            with caused_by(Cause(actor=actor, network=subject)):
                self.pool.run(lambda: self.order.append(subject))

        called = self._callers.submit(run)
        self._called.append(called)
        # Each call waits, or has been refused: this one, or the one whose place it took.
        self._until(lambda: self.pool.waiting + sum(each.done() for each in self._called) == len(self._called))
        return called

    @staticmethod
    def _until(condition) -> None:
        limit = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < limit, "timed out"
            time.sleep(0.001)

    def open(self) -> list[str]:
        """Let all calls run, and return the subjects in the order in which they ran."""
        self._gate.set()
        self._first.result(10)
        self.pool.close()
        return self.order


def overloaded(calls: "list[Future[None]]") -> int:
    return sum(isinstance(call.exception(10), HashingOverloaded) for call in calls)


def test_one_network_neither_fills_the_queue_nor_takes_all_turns(callers: ThreadPoolExecutor) -> None:
    line = Line(callers, queue=8)
    attacks = [line.call("attacker") for _ in range(20)]
    honest = [line.call(f"honest-{number}") for number in range(3)]
    order = line.open()

    assert overloaded(honest) == 0
    assert overloaded(attacks) == 15
    assert set(order[:5]) >= {"honest-0", "honest-1", "honest-2"}


def test_who_is_known_has_places_and_half_of_the_turns_whatever_others_do(callers: ThreadPoolExecutor) -> None:
    line = Line(callers, queue=8)
    attacks = [line.call(f"network-{number}") for number in range(50)]
    known = [line.call(f"known-{number}", is_known=True) for number in range(3)]
    order = line.open()

    assert overloaded(known) == 0
    assert overloaded(attacks) == 42
    assert {"known-0", "known-1", "known-2"} <= set(order[:6])


def test_a_network_has_one_share_by_however_many_accounts_and_devices_it_is_known(callers: ThreadPoolExecutor) -> None:
    line = Line(callers, queue=8)
    attacks = [line.call("attacker", is_known=True) for _ in range(48)]
    honest = line.call("honest", is_known=True)
    order = line.open()

    assert overloaded([honest]) == 0
    assert overloaded(attacks) == 41
    assert "honest" in order[:2]


def test_the_share_is_that_of_the_network_and_says_whether_the_client_is_known() -> None:
    with caused_by(Cause(actor=None, network="192.0.2.0/24")):
        assert current_hash_share() == HashShare("192.0.2.0/24", is_known=False)
        with hashing_for_known():
            assert current_hash_share() == HashShare("192.0.2.0/24", is_known=True)
        acting(uuid4(), uuid4())
        assert current_hash_share() == HashShare("192.0.2.0/24", is_known=True)
    with caused_by(Cause(actor="admin:ada@host")):
        assert current_hash_share() == HashShare("admin:ada@host", is_known=True)
    assert not current_hash_share().is_known
