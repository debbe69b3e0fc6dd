import contextlib
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from math import ceil
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Generic, TypeVar

from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.passwords.metrics import HASH_SECONDS, HASH_WAIT, HASHES_REFUSED, HASHES_RUNNING, HASHES_WAITING
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount_security.slots import SharedSlots, Slot

T = TypeVar("T")


class HashingLane:
    """Runs slow hash calls on a few threads of low priority, behind a queue that is bounded.

    A hash that runs on the thread of its request competes with every other request for a core; on a thread of its own
    that is nicer it takes what the others leave. The queue is bounded because a caller that waits longer than its
    client does has waited for nothing.

    Nothing is opened or started before the first call, and a process that was forked starts its own.
    """

    def __init__(
        self,
        slots: int,
        queue: int,
        shared: Path | None = None,
        niceness: int = 10,
        metrics: Metrics = NO_METRICS,
    ) -> None:
        """Take the limits.

        slots: how many calls run at once; in this process, or with `shared` in all processes together.
        queue: how many more may wait in this process.
        shared: a directory made before the processes were forked, where they count their running calls.
        niceness: by how much the threads are nicer than the process.
        metrics: is told of the calls, how many there are at a time, and how long they wait and take.
        """
        if slots < 1 or queue < 0:
            raise ValueError(f"a hashing lane needs at least 1 slot and a queue of 0 or more, not {slots} and {queue}")
        self._slots = slots
        self._queue = queue
        self._shared = shared
        self._niceness = niceness
        self._metrics = metrics
        for measure in (HASH_WAIT, HASH_SECONDS, HASHES_REFUSED):
            metrics.declare(measure)
        metrics.observe_callback(HASHES_RUNNING, lambda: self.running)
        metrics.observe_callback(HASHES_WAITING, lambda: self.waiting)
        self._closed = False
        self._seconds = 0.0
        self._begin()
        _in_every_child(weakref.WeakMethod(self._begin_after_fork))

    def _begin(self) -> None:
        # A place is taken by whoever is admitted, so admission is one atomic step and needs no lock: a niced thread
        # that loses its core while it holds a lock would keep all callers waiting.
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(self._slots + self._queue):
            self._places.put(None)
        self._calls: deque[_Call[Any]] = deque()
        self._busy: deque[None] = deque()
        self._tickets: SimpleQueue[bool] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._shared_slots: SharedSlots | None = None

    def _begin_after_fork(self) -> None:
        if self._shared_slots is not None:
            # The parent's files: open here, they would keep the slots of a parent that died.
            self._shared_slots.close()
        self._begin()

    @property
    def waiting(self) -> int:
        """How many admitted calls have not begun."""
        return len(self._calls)

    @property
    def running(self) -> int:
        """How many calls are being worked on in this process."""
        return len(self._busy)

    def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises, once its turn has come; first come, first served.

        Raises HashingOverloaded at once when all places are taken, RuntimeError after `close`.
        """
        if self._closed:
            raise RuntimeError("this hashing lane is closed")
        try:
            self._places.get_nowait()
        except Empty:
            self._metrics.add(HASHES_REFUSED)
            raise HashingOverloaded(self.retry_after()) from None
        if len(self._threads) < self._slots:
            try:
                self._start()
            except BaseException:
                self._places.put(None)
                raise
        call = _Call(work)
        self._calls.append(call)
        self._tickets.put(True)
        try:
            return call.outcome()
        finally:
            # Not told by the thread that has worked: it is nice, and might hold others up that tell something too.
            self._metrics.observe(HASH_WAIT, call.began - call.asked)
            self._metrics.observe(HASH_SECONDS, call.ended - call.began)

    def close(self) -> None:
        """Refuse further calls, and end the threads after the admitted ones."""
        with self._starting:
            if self._closed:
                return
            self._closed = True
        for _ in range(self._slots + self._queue):
            self._places.get()  # whoever holds all places knows that no call is under way, and that none can begin
        for _ in self._threads:
            self._tickets.put(False)
        for thread in self._threads:
            thread.join()
        if self._shared_slots is not None:
            self._shared_slots.close()

    def _start(self) -> None:
        with self._starting:
            if self._shared is not None and self._shared_slots is None:
                self._shared_slots = SharedSlots(self._shared, self._slots)
            while len(self._threads) < self._slots:
                thread = threading.Thread(target=self._serve, name=f"hashing-{len(self._threads)}", daemon=True)
                thread.start()
                self._threads.append(thread)

    def _serve(self) -> None:
        # Whatever Python runs here runs nicely while it holds the interpreter, so it is kept short.
        _step_back(self._niceness)
        slots = self._shared_slots
        while self._tickets.get():
            if slots is None:
                self._answer_oldest()
            elif self._calls:
                slot = self._slot_of(slots)
                self._answer_oldest()
                slots.refund(slot)

    def _slot_of(self, slots: SharedSlots) -> Slot:
        slot = slots.take_free()
        if slot is None:
            # One more thread may wait for one more slot; whichever gets its slot first takes the oldest call.
            self._tickets.put(True)
            slot = slots.wait_for_one()
        return slot

    def _answer_oldest(self) -> None:
        try:
            call = self._calls.popleft()
        except IndexError:  # another thread got its slot first
            return
        self._busy.append(None)
        call.answer()
        self._learn(call.ended - call.began)
        self._busy.pop()
        self._places.put(None)  # before the caller goes on: what it asks next must find the place that it left
        call.answered()  # before the slot is given back, after which this thread may wait for the interpreter

    def _learn(self, seconds: float) -> None:
        self._seconds = seconds if self._seconds == 0.0 else self._seconds + (seconds - self._seconds) / 8

    def retry_after(self) -> int:
        """Return after how many whole seconds a full queue is likely to have moved on."""
        return max(1, ceil(self._seconds * self._queue / self._slots))


class _Call(Generic[T]):
    __slots__ = ("_done", "_error", "_result", "_work", "asked", "began", "ended")

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.asked = self.began = self.ended = monotonic()
        self._error: BaseException | None = None
        self._result: T
        self._done = threading.Lock()  # a third of what an Event costs
        self._done.acquire()

    def answer(self) -> None:
        self.began = monotonic()
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - it is the caller's, who raises it
            self._error = error
        self.ended = monotonic()

    def answered(self) -> None:
        self._done.release()

    def outcome(self) -> T:
        self._done.acquire()
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # its traceback holds this frame, which would hold it
        return self._result


def _step_back(niceness: int) -> None:
    if sys.platform == "linux":  # elsewhere priorities belong to processes
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + niceness)


def _in_every_child(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    def begin() -> None:
        if (bound := method()) is not None:
            bound()

    os.register_at_fork(after_in_child=begin)
