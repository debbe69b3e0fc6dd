import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from hexaccount.passwords.metrics import HASH_SECONDS, HASH_WAIT, HASHES_REFUSED, HASHES_RUNNING, HASHES_WAITING
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount_memory import MemoryMetrics
from hexaccount_security import HashingPool
from hexaccount_security.pool_call import PoolCall


@pytest.fixture(params=["alone", "shared"])
def pool(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HashingPool]:
    pool = HashingPool(slots=2, queue=3, shared=tmp_path if request.param == "shared" else None)
    yield pool
    pool.close()


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as callers:
        yield callers


def eventually(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit, "timed out"
        time.sleep(0.001)


def fill(pool: HashingPool, callers: ThreadPoolExecutor, calls: int, gate: threading.Event) -> "list[Future[bool]]":
    futures = [callers.submit(pool.run, gate.wait) for _ in range(calls)]
    eventually(lambda: pool.running + pool.waiting == calls)
    return futures


def test_the_caller_gets_what_the_work_returns(pool: HashingPool) -> None:
    assert pool.run(lambda: "a digest") == "a digest"


def test_the_caller_gets_what_the_work_raises_and_the_slot_is_free_again(pool: HashingPool) -> None:
    def work() -> None:
        raise LookupError("of the work")

    for _ in range(20):
        with pytest.raises(LookupError, match="of the work"):
            pool.run(work)
    assert pool.run(lambda: 1) == 1


def test_an_exit_within_the_work_does_not_end_its_thread(pool: HashingPool) -> None:
    for _ in range(4):
        with pytest.raises(SystemExit):
            pool.run(sys.exit)
    assert pool.run(lambda: 1) == 1


def test_nothing_is_opened_or_started_before_the_first_call(tmp_path: Path) -> None:
    before = threading.active_count()
    pool = HashingPool(slots=4, queue=4, shared=tmp_path)
    assert (threading.active_count(), list(tmp_path.iterdir())) == (before, [])
    pool.close()


def test_a_missing_directory_is_reported_to_the_caller_and_takes_no_permit(tmp_path: Path) -> None:
    pool = HashingPool(slots=1, queue=0, shared=tmp_path / "later")
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            pool.run(lambda: 1)
    (tmp_path / "later").mkdir()
    assert pool.run(lambda: 1) == 1
    pool.close()


def test_a_call_is_refused_at_once_when_slots_and_queue_are_full(
    pool: HashingPool, callers: ThreadPoolExecutor
) -> None:
    gate = threading.Event()
    held = fill(pool, callers, 5, gate)
    eventually(lambda: (pool.running, pool.waiting) == (2, 3))
    began = time.monotonic()
    with pytest.raises(HashingOverloaded) as refusal:
        pool.run(lambda: None)
    assert time.monotonic() - began < 1
    assert refusal.value.retry_after == 1
    gate.set()
    assert all(future.result(10) for future in held)
    assert (pool.running, pool.waiting) == (0, 0)


def test_a_caller_that_returns_can_call_again_at_once(callers: ThreadPoolExecutor) -> None:
    pool = HashingPool(slots=2, queue=0)

    def one_after_another() -> int:
        return sum(pool.run(lambda: 1) for _ in range(2000))

    counts = [callers.submit(one_after_another) for _ in range(2)]
    assert [count.result(60) for count in counts] == [2000, 2000]
    pool.close()


def test_of_32_concurrent_threads_exactly_as_many_are_accepted_as_slots_and_queue_hold(
    pool: HashingPool, callers: ThreadPoolExecutor
) -> None:
    for _ in range(30):
        gate, start = threading.Event(), threading.Barrier(32)

        def call(gate: threading.Event = gate, start: threading.Barrier = start) -> bool:
            start.wait(10)
            try:
                return pool.run(gate.wait)
            except HashingOverloaded:
                return False

        calls = [callers.submit(call) for _ in range(32)]
        for refused in islice(as_completed(calls, 10), 27):
            assert refused.result() is False
        gate.set()
        assert sum(call.result(10) for call in calls) == 5


def test_no_more_calls_run_at_once_than_there_are_slots(callers: ThreadPoolExecutor, tmp_path: Path) -> None:
    pool = HashingPool(slots=3, queue=64, shared=tmp_path)
    at_once: list[int] = []
    inside: set[int] = set()

    def work() -> None:
        inside.add(threading.get_ident())
        at_once.append(len(inside))
        time.sleep(0.001)
        inside.remove(threading.get_ident())

    for call in [callers.submit(pool.run, work) for _ in range(300)]:
        call.result(30)
    assert max(at_once) == 3
    pool.close()


def test_calls_run_in_the_order_in_which_they_came(callers: ThreadPoolExecutor, tmp_path: Path) -> None:
    pool = HashingPool(slots=1, queue=20, shared=tmp_path)
    gate = threading.Event()
    first = fill(pool, callers, 1, gate)
    order: list[int] = []
    later: list[Future[None]] = []
    for number in range(20):
        later.append(callers.submit(pool.run, partial(order.append, number)))
        while pool.waiting <= number:
            time.sleep(0.001)
    gate.set()
    assert first[0].result(10)
    for future in later:
        future.result(10)
    assert order == list(range(20))
    pool.close()


def test_retry_after_grows_with_the_queue_and_the_time_of_a_call(callers: ThreadPoolExecutor) -> None:
    pool = HashingPool(slots=1, queue=30)
    pool.run(lambda: time.sleep(0.1))
    gate = threading.Event()
    fill(pool, callers, 31, gate)
    with pytest.raises(HashingOverloaded) as refusal:
        pool.run(lambda: None)
    assert 3 <= refusal.value.retry_after < 60
    gate.set()
    pool.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")
def test_the_work_has_a_low_priority_and_its_caller_has_not(pool: HashingPool) -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    own = priority()
    assert pool.run(priority) == min(19, own + 10)
    assert priority() == own


def test_a_priority_that_cannot_be_set_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    pool = HashingPool(slots=1, queue=0)
    assert pool.run(lambda: 1) == 1
    pool.close()


def test_an_idle_thread_does_not_refer_to_its_last_call(pool: HashingPool) -> None:
    class Work:
        def __call__(self) -> None:
            pass

    work = Work()
    trace = weakref.ref(work)
    pool.run(work)
    del work
    eventually(lambda: trace() is None)


def test_an_error_that_was_raised_is_not_referred_to_any_more(pool: HashingPool) -> None:
    class Refusal(Exception):
        pass

    trace: list[weakref.ref[Refusal]] = []

    def work() -> None:
        error = Refusal()
        trace.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    gc.disable()
    try:
        with pytest.raises(Refusal):
            pool.run(work)
        eventually(lambda: trace[0]() is None)
    finally:
        gc.enable()


def test_closing_waits_for_the_accepted_calls_and_ends_the_threads(
    pool: HashingPool, callers: ThreadPoolExecutor
) -> None:
    gate = threading.Event()
    held = fill(pool, callers, 5, gate)
    closing = threading.Thread(target=pool.close)
    closing.start()
    eventually(lambda: pool._closed)
    with pytest.raises(RuntimeError, match="closed"):
        pool.run(lambda: None)
    assert closing.is_alive()
    gate.set()
    closing.join(10)
    assert all(future.result(10) for future in held)
    assert not any(thread.name.startswith("hashing-") for thread in threading.enumerate())
    pool.close()


def test_closing_waits_for_no_caller_that_was_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, gate = HashingPool(slots=1, queue=1), threading.Event()

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(PoolCall, "result", interrupt)
        for _ in range(2):  # one runs, and one waits
            with pytest.raises(KeyboardInterrupt):
                pool.run(gate.wait)
    gate.set()
    pool.close()
    assert (pool.running, pool.waiting) == (0, 0)


def test_a_call_that_races_with_closing_is_run_or_refused_but_never_forgotten(callers: ThreadPoolExecutor) -> None:
    def call(pool: HashingPool, start: threading.Barrier) -> bool:
        start.wait(10)
        try:
            return pool.run(lambda: True)
        except (HashingOverloaded, RuntimeError):
            return False

    for _ in range(100):
        pool, start = HashingPool(slots=2, queue=2), threading.Barrier(9)
        pool.run(lambda: None)
        calls = [callers.submit(call, pool, start) for _ in range(8)]
        start.wait(10)
        pool.close()
        for future in calls:
            future.result(10)


@pytest.mark.parametrize(("slots", "queue"), [(0, 1), (-1, 1), (1, -1)])
def test_a_pool_needs_a_slot(slots: int, queue: int) -> None:
    with pytest.raises(ValueError, match="at least 1 slot"):
        HashingPool(slots, queue)


def test_the_caller_records_the_metrics_of_a_call(callers: ThreadPoolExecutor) -> None:
    metrics = MemoryMetrics()
    pool, gate = HashingPool(slots=1, queue=1, metrics=metrics), threading.Event()
    futures = fill(pool, callers, 2, gate)
    try:
        eventually(lambda: (metrics.figure(HASHES_RUNNING), metrics.figure(HASHES_WAITING)) == (1, 1))
        with pytest.raises(HashingOverloaded):
            pool.run(lambda: None)
        assert metrics.figure(HASHES_REFUSED) == 1
        assert metrics.observed(HASH_SECONDS) == []
    finally:
        gate.set()
    for future in futures:
        future.result(timeout=20)
    with pytest.raises(ZeroDivisionError):
        pool.run(lambda: 1 / 0)
    waits, times = metrics.observed(HASH_WAIT), metrics.observed(HASH_SECONDS)
    assert len(waits) == len(times) == 3
    assert min(*waits, *times) >= 0
    # The second waited for as long as the first ran.
    assert max(waits) > min(times)
    pool.close()
