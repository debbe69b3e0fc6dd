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
from hexaccount_security import HashingLane


@pytest.fixture(params=["alone", "shared"])
def lane(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HashingLane]:
    lane = HashingLane(slots=2, queue=3, shared=tmp_path if request.param == "shared" else None)
    yield lane
    lane.close()


@pytest.fixture
def callers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def eventually(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < limit, "it did not come true"
        time.sleep(0.001)


def fill(lane: HashingLane, callers: ThreadPoolExecutor, calls: int, gate: threading.Event) -> "list[Future[bool]]":
    futures = [callers.submit(lane.run, gate.wait) for _ in range(calls)]
    eventually(lambda: lane.running + lane.waiting == calls)
    return futures


def test_the_caller_gets_what_the_work_returns(lane: HashingLane) -> None:
    assert lane.run(lambda: "a digest") == "a digest"


def test_the_caller_gets_what_the_work_raises_and_the_slot_is_free_again(lane: HashingLane) -> None:
    def work() -> None:
        raise LookupError("of the work")

    for _ in range(20):
        with pytest.raises(LookupError, match="of the work"):
            lane.run(work)
    assert lane.run(lambda: 1) == 1


def test_an_exit_within_the_work_does_not_end_its_thread(lane: HashingLane) -> None:
    for _ in range(4):
        with pytest.raises(SystemExit):
            lane.run(sys.exit)
    assert lane.run(lambda: 1) == 1


def test_nothing_is_opened_or_started_before_the_first_call(tmp_path: Path) -> None:
    before = threading.active_count()
    lane = HashingLane(slots=4, queue=4, shared=tmp_path)
    assert (threading.active_count(), list(tmp_path.iterdir())) == (before, [])
    lane.close()


def test_a_missing_directory_is_told_to_the_caller_and_takes_no_place(tmp_path: Path) -> None:
    lane = HashingLane(slots=1, queue=0, shared=tmp_path / "later")
    for _ in range(3):
        with pytest.raises(FileNotFoundError):
            lane.run(lambda: 1)
    (tmp_path / "later").mkdir()
    assert lane.run(lambda: 1) == 1
    lane.close()


def test_a_call_is_refused_at_once_when_slots_and_queue_are_full(
    lane: HashingLane, callers: ThreadPoolExecutor
) -> None:
    gate = threading.Event()
    held = fill(lane, callers, 5, gate)
    eventually(lambda: (lane.running, lane.waiting) == (2, 3))
    began = time.monotonic()
    with pytest.raises(HashingOverloaded) as refusal:
        lane.run(lambda: None)
    assert time.monotonic() - began < 1
    assert refusal.value.retry_after == 1
    gate.set()
    assert all(future.result(10) for future in held)
    assert (lane.running, lane.waiting) == (0, 0)


def test_a_caller_that_returns_leaves_its_place_to_its_next_call(callers: ThreadPoolExecutor) -> None:
    lane = HashingLane(slots=2, queue=0)

    def one_after_another() -> int:
        return sum(lane.run(lambda: 1) for _ in range(2000))

    counts = [callers.submit(one_after_another) for _ in range(2)]
    assert [count.result(60) for count in counts] == [2000, 2000]
    lane.close()


def test_of_32_threads_at_once_exactly_as_many_are_admitted_as_there_are_places(
    lane: HashingLane, callers: ThreadPoolExecutor
) -> None:
    for _ in range(30):
        gate, start = threading.Event(), threading.Barrier(32)

        def call(gate: threading.Event = gate, start: threading.Barrier = start) -> bool:
            start.wait(10)
            try:
                return lane.run(gate.wait)
            except HashingOverloaded:
                return False

        calls = [callers.submit(call) for _ in range(32)]
        for refused in islice(as_completed(calls, 10), 27):
            assert refused.result() is False
        gate.set()
        assert sum(call.result(10) for call in calls) == 5


def test_no_more_calls_run_at_once_than_there_are_slots(callers: ThreadPoolExecutor, tmp_path: Path) -> None:
    lane = HashingLane(slots=3, queue=64, shared=tmp_path)
    at_once: list[int] = []
    inside: set[int] = set()

    def work() -> None:
        inside.add(threading.get_ident())
        at_once.append(len(inside))
        time.sleep(0.001)
        inside.remove(threading.get_ident())

    for call in [callers.submit(lane.run, work) for _ in range(300)]:
        call.result(30)
    assert max(at_once) == 3
    lane.close()


def test_calls_begin_in_the_order_in_which_they_came(callers: ThreadPoolExecutor, tmp_path: Path) -> None:
    lane = HashingLane(slots=1, queue=20, shared=tmp_path)
    gate = threading.Event()
    first = fill(lane, callers, 1, gate)
    order: list[int] = []
    later: list[Future[None]] = []
    for number in range(20):
        later.append(callers.submit(lane.run, partial(order.append, number)))
        while lane.waiting <= number:
            time.sleep(0.001)
    gate.set()
    assert first[0].result(10)
    for future in later:
        future.result(10)
    assert order == list(range(20))
    lane.close()


def test_the_advice_to_retry_grows_with_the_queue_and_the_time_a_call_takes(callers: ThreadPoolExecutor) -> None:
    lane = HashingLane(slots=1, queue=30)
    lane.run(lambda: time.sleep(0.1))
    gate = threading.Event()
    fill(lane, callers, 31, gate)
    with pytest.raises(HashingOverloaded) as refusal:
        lane.run(lambda: None)
    assert 3 <= refusal.value.retry_after < 60
    gate.set()
    lane.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of threads")
def test_the_work_runs_nicely_and_its_caller_does_not(lane: HashingLane) -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    own = priority()
    assert lane.run(priority) == min(19, own + 10)
    assert priority() == own


def test_a_refused_priority_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    lane = HashingLane(slots=1, queue=0)
    assert lane.run(lambda: 1) == 1
    lane.close()


def test_a_thread_that_idles_keeps_nothing_of_its_last_call(lane: HashingLane) -> None:
    class Work:
        def __call__(self) -> None:
            pass

    work = Work()
    trace = weakref.ref(work)
    lane.run(work)
    del work
    eventually(lambda: trace() is None)


def test_an_error_that_was_raised_is_kept_by_nobody(lane: HashingLane) -> None:
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
            lane.run(work)
        eventually(lambda: trace[0]() is None)
    finally:
        gc.enable()


def test_closing_waits_for_the_admitted_calls_and_ends_the_threads(
    lane: HashingLane, callers: ThreadPoolExecutor
) -> None:
    gate = threading.Event()
    held = fill(lane, callers, 5, gate)
    closing = threading.Thread(target=lane.close)
    closing.start()
    eventually(lambda: lane._closed)
    with pytest.raises(RuntimeError, match="closed"):
        lane.run(lambda: None)
    assert closing.is_alive()
    gate.set()
    closing.join(10)
    assert all(future.result(10) for future in held)
    assert not any(thread.name.startswith("hashing-") for thread in threading.enumerate())
    lane.close()


def test_closing_waits_for_a_caller_that_is_admitted_but_has_not_queued_its_call_yet() -> None:
    admitted, go_on = threading.Event(), threading.Event()

    class SlowToStart(HashingLane):
        def _start(self) -> None:
            admitted.set()
            go_on.wait(10)
            super()._start()

    lane = SlowToStart(slots=1, queue=1)
    answers: list[int] = []
    caller = threading.Thread(target=lambda: answers.append(lane.run(lambda: 1)))
    caller.start()
    admitted.wait(10)
    closing = threading.Thread(target=lane.close)
    closing.start()
    eventually(lambda: lane._closed)
    go_on.set()
    caller.join(10)
    closing.join(10)
    assert answers == [1]
    assert not any(thread.is_alive() for thread in lane._threads)


def test_a_call_that_races_the_closing_is_served_or_refused_but_never_left(callers: ThreadPoolExecutor) -> None:
    def call(lane: HashingLane, start: threading.Barrier) -> bool:
        start.wait(10)
        try:
            return lane.run(lambda: True)
        except (HashingOverloaded, RuntimeError):
            return False

    for _ in range(100):
        lane, start = HashingLane(slots=2, queue=2), threading.Barrier(9)
        lane.run(lambda: None)
        calls = [callers.submit(call, lane, start) for _ in range(8)]
        start.wait(10)
        lane.close()
        for future in calls:
            future.result(10)


@pytest.mark.parametrize(("slots", "queue"), [(0, 1), (-1, 1), (1, -1)])
def test_a_lane_without_slots_is_refused(slots: int, queue: int) -> None:
    with pytest.raises(ValueError, match="at least 1 slot"):
        HashingLane(slots, queue)


def test_calls_are_counted_and_their_waits_and_times_told_by_who_called(callers: ThreadPoolExecutor) -> None:
    metrics = MemoryMetrics()
    lane, gate = HashingLane(slots=1, queue=1, metrics=metrics), threading.Event()
    futures = fill(lane, callers, 2, gate)
    try:
        eventually(lambda: (metrics.figure(HASHES_RUNNING), metrics.figure(HASHES_WAITING)) == (1, 1))
        with pytest.raises(HashingOverloaded):
            lane.run(lambda: None)
        assert metrics.figure(HASHES_REFUSED) == 1
        assert metrics.observed(HASH_SECONDS) == []
    finally:
        gate.set()
    for future in futures:
        future.result(timeout=20)
    with pytest.raises(ZeroDivisionError):
        lane.run(lambda: 1 / 0)
    waits, times = metrics.observed(HASH_WAIT), metrics.observed(HASH_SECONDS)
    assert len(waits) == len(times) == 3
    assert min(*waits, *times) >= 0
    # The second waited for as long as the first was at work.
    assert max(waits) > min(times)
    lane.close()
