"""A slot takes up to four waiting calls with equal work, by their turns, and none waits for others to come."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.passwords.metrics import HASH_SECONDS, HASH_WAIT
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount_memory import MemoryMetrics
from hexaccount_security import HashingPool
from hexaccount_security.pool_call import PoolCall
from hexaccount_security.shared_slots import SharedSlots


def eventually(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit, "timed out"
        time.sleep(0.001)


class Work:
    """Work that records its batches, and fails for the input `bad`; of another kind it is not equal."""

    largest_batch = 4

    def __init__(self, kind: str = "", batches: list[list[str]] | None = None) -> None:
        self.kind = kind
        self.batches: list[list[str]] = [] if batches is None else batches

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Work) and self.kind == other.kind

    def __hash__(self) -> int:
        return hash(self.kind)

    def __call__(self, inputs: Sequence[str]) -> list[str]:
        if "bad" in inputs:
            raise LookupError(f"bad input among {len(inputs)}")
        self.batches.append(list(inputs))
        return [each.upper() for each in inputs]


class BusyPool(HashingPool):
    """A pool with one slot that is taken until `open`."""

    def __init__(self, callers: ThreadPoolExecutor, **settings: object) -> None:
        super().__init__(slots=1, queue=16, **settings)
        self._callers, self._gate, self._count = callers, threading.Event(), 0
        callers.submit(self.run, self._gate.wait)
        eventually(lambda: self.running == 1)

    def call(self, work: Work, of: str, network: str = "one", actor: str | None = None) -> "Future[str]":
        """Queue a call, which waits when this returns."""

        def run() -> str:
            with caused_by(Cause(actor=actor, network=network)):
                return self.run_together(work, of)

        future = self._callers.submit(run)
        self._count += 1
        eventually(lambda: self.waiting == self._count)
        return future

    def open(self) -> None:
        self._gate.set()


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as callers:
        yield callers


@pytest.fixture
def pool(callers: ThreadPoolExecutor) -> Iterator[BusyPool]:
    pool = BusyPool(callers)
    yield pool
    pool.open()
    pool.close()


def test_waiting_calls_run_four_at_a_time_and_each_gets_its_own_result(pool: BusyPool) -> None:
    work = Work()
    calls = [pool.call(work, f"call {number}") for number in range(10)]
    pool.open()
    assert [call.result(10) for call in calls] == [f"CALL {number}" for number in range(10)]
    assert [len(batch) for batch in work.batches] == [4, 4, 2]


def test_a_call_alone_does_not_wait_for_others() -> None:
    pool, work = HashingPool(slots=1, queue=16), Work()
    assert [pool.run_together(work, each) for each in "abc"] == ["A", "B", "C"]
    assert work.batches == [["a"], ["b"], ["c"]]
    pool.close()


def test_only_calls_with_equal_work_run_together_and_the_others_keep_their_turns(pool: BusyPool) -> None:
    order: list[list[str]] = []
    for number in range(4):
        pool.call(Work("cost 10", order), f"ten {number}", network=f"network {number}")
        pool.call(Work("cost 12", order), f"twelve {number}", network=f"network {number}")
    last = pool.call(Work("estimate", order), "estimate", network="network 4")
    pool.open()
    last.result(10)
    pool.close()
    assert order == [
        [f"ten {number}" for number in range(4)],
        ["estimate"],
        [f"twelve {number}" for number in range(4)],
    ]


def test_the_places_of_a_batch_are_given_by_turns(pool: BusyPool) -> None:
    work = Work()
    calls = [pool.call(work, f"attacker {number}", network="attacker") for number in range(8)]
    calls += [pool.call(work, f"honest {number}", network=f"honest {number}") for number in range(2)]
    calls += [pool.call(work, f"known {number}", network="known", actor="user:known") for number in range(2)]
    pool.open()
    for call in calls:
        call.result(10)
    first, second, third = work.batches
    assert first == ["known 0", "attacker 0", "known 1", "honest 0"]
    assert second == ["honest 1", "attacker 1", "attacker 2", "attacker 3"]
    assert len(third) == 4


def test_an_input_that_fails_harms_no_other_of_its_batch(pool: BusyPool) -> None:
    work = Work()
    calls = [pool.call(work, each) for each in ("a", "bad", "b", "c")]
    pool.open()
    with pytest.raises(LookupError, match="bad input among 1"):
        calls[1].result(10)
    assert [calls[number].result(10) for number in (0, 2, 3)] == ["A", "B", "C"]
    assert pool.run_together(work, "next") == "NEXT"


def test_a_caller_that_was_interrupted_harms_no_other_of_its_batch(
    pool: BusyPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, interrupted = Work(), threading.Event()
    result = PoolCall.result

    def interrupt(call: PoolCall[str]) -> str:
        if call.input == "interrupted":
            interrupted.set()
            raise KeyboardInterrupt
        return result(call)

    monkeypatch.setattr(PoolCall, "result", interrupt)
    others = [pool.call(work, "a")]
    with pytest.raises(KeyboardInterrupt):
        pool.call(work, "interrupted").result(10)
    others.append(pool.call(work, "b"))
    pool.open()
    assert [other.result(10) for other in others] == ["A", "B"]
    assert (pool.run_together(work, "next"), pool.running, pool.waiting) == ("NEXT", 0, 0)


def test_a_call_that_was_displaced_is_in_no_batch(callers: ThreadPoolExecutor) -> None:
    pool, work = BusyPool(callers), Work()
    calls = [pool.call(work, f"attacker {number}", network="attacker") for number in range(16)]
    honest = callers.submit(lambda: _from("honest", lambda: pool.run_together(work, "honest")))
    with pytest.raises(HashingOverloaded):
        calls[-1].result(10)
    pool.open()
    assert honest.result(10) == "HONEST"
    pool.close()
    assert "attacker 15" not in {each for batch in work.batches for each in batch}
    assert [len(batch) for batch in work.batches] == [4, 4, 4, 4]


def _from(network: str, call: Callable[[], str]) -> str:
    with caused_by(Cause(actor=None, network=network)):
        return call()


def test_calls_join_a_batch_that_waits_for_a_slot_of_another_process(
    callers: ThreadPoolExecutor, tmp_path: Path
) -> None:
    other_process = SharedSlots(tmp_path, 1)
    slot = other_process.acquire()
    pool, work = HashingPool(slots=1, queue=16, shared=tmp_path), Work()
    calls = []
    for number in range(6):
        calls.append(callers.submit(pool.run_together, work, f"call {number}"))
        eventually(lambda: pool.waiting == len(calls))
    other_process.release(slot)
    assert [call.result(10) for call in calls] == [f"CALL {number}" for number in range(6)]
    assert [len(batch) for batch in work.batches] == [4, 2]
    pool.close()
    other_process.close()


def test_every_call_of_many_threads_gets_its_own_result(callers: ThreadPoolExecutor, tmp_path: Path) -> None:
    pool, work = HashingPool(slots=2, queue=64, shared=tmp_path), Work()

    def call(thread: int) -> bool:
        return all(pool.run_together(work, f"{thread}-{number}-x") == f"{thread}-{number}-X" for number in range(200))

    assert all(callers.map(call, range(16)))
    assert sum(map(len, work.batches)) == 16 * 200
    assert max(map(len, work.batches)) == 4
    pool.close()
    assert (pool.running, pool.waiting) == (0, 0)


def test_metrics_count_each_call_of_a_batch(callers: ThreadPoolExecutor) -> None:
    metrics, work = MemoryMetrics(), Work()
    pool = BusyPool(callers, metrics=metrics)
    calls = [pool.call(work, f"{number}") for number in range(4)]
    pool.open()
    for call in calls:
        call.result(10)
    pool.close()
    assert len(metrics.observed(HASH_SECONDS)) == len(metrics.observed(HASH_WAIT)) == 5


def test_retry_after_knows_that_four_calls_take_the_time_of_one_batch(
    callers: ThreadPoolExecutor, tmp_path: Path
) -> None:
    other_process = SharedSlots(tmp_path, 1)
    slot = other_process.acquire()
    pool = HashingPool(slots=1, queue=40, shared=tmp_path)

    class SlowWork(Work):
        def __call__(self, inputs: Sequence[str]) -> list[str]:
            time.sleep(0.4)
            return super().__call__(inputs)

    calls = [callers.submit(pool.run_together, SlowWork(), f"{number}") for number in range(4)]
    eventually(lambda: pool.waiting == 4)
    other_process.release(slot)
    for call in calls:
        call.result(10)
    pool.close()
    other_process.close()
    assert 4 <= pool.retry_after() < 16, "0.4 s for each of 40 would be 16 s"
