import contextlib
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable
from math import ceil
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from hexaccount.kernel.fair_queue import FairQueue
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.passwords.hash_share import HashShare, current_hash_share
from hexaccount.passwords.metrics import HASH_SECONDS, HASH_WAIT, HASHES_REFUSED, HASHES_RUNNING, HASHES_WAITING
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount_security.pool_call import PoolCall
from hexaccount_security.shared_slots import SharedSlots, Slot

T = TypeVar("T")


class HashingPool:
    """Runs slow hash calls on a few low-priority threads, behind a bounded queue that is shared fairly.

    A hash on the thread of its request competes with every other request for a core; a low-priority thread uses what
    the others leave. The queue is bounded because a hash that ends after its client's time-out is wasted. Who is known
    and who is not have a queue each, which take turns, and in each the subjects take turns: see HashShare. In a full
    queue a subject that has fewer calls than another displaces the newest of the other.

    Nothing is opened or started before the first call, and a forked process starts its own threads.
    """

    def __init__(
        self,
        slots: int,
        queue: int,
        shared: Path | None = None,
        nice: int = 10,
        metrics: Metrics = NO_METRICS,
    ) -> None:
        """Raise ValueError for less than one slot or a negative queue.

        slots: how many calls run at once: in this process, or with `shared` in all processes together.
        queue: how many more calls of the known, and how many of the others, may wait in this process.
        shared: an existing directory, through which processes share the slots.
        nice: is added to the nice value of the threads; see nice(2).
        """
        if slots < 1 or queue < 0:
            raise ValueError(f"a hashing pool needs at least 1 slot and a queue of 0 or more, not {slots} and {queue}")
        self._slots = slots
        self._queue = queue
        self._shared = shared
        self._nice = nice
        self._metrics = metrics
        for measure in (HASH_WAIT, HASH_SECONDS, HASHES_REFUSED):
            metrics.declare(measure)
        metrics.observe_callback(HASHES_RUNNING, lambda: self.running)
        metrics.observe_callback(HASHES_WAITING, lambda: self.waiting)
        self._closed = False
        self._mean_seconds = 0.0
        self._reset()
        _after_fork(weakref.WeakMethod(self._reset_after_fork))

    def _reset(self) -> None:
        # Only callers take the lock: a low-priority thread that loses its core while it holds it would block them all.
        self._changed = threading.Condition(threading.Lock())
        self._queues: deque[FairQueue[PoolCall[Any]]] = deque([FairQueue(), FairQueue()])
        self._queue_of_known, self._queue_of_others = self._queues
        self._dispatched = 0
        self._ready: deque[PoolCall[Any]] = deque()
        self._wakeups: SimpleQueue[bool] = SimpleQueue()
        self._busy: deque[None] = deque()
        self._threads: list[threading.Thread] = []
        self._shared_slots: SharedSlots | None = None

    def _reset_after_fork(self) -> None:
        if self._shared_slots is not None:
            # The parent's files: if they stayed open here, they would hold the slots of a parent that died.
            self._shared_slots.close()
        self._reset()

    @property
    def waiting(self) -> int:
        """How many calls wait in this process."""
        return sum(map(len, self._queues)) + self._dispatched - len(self._busy)

    @property
    def running(self) -> int:
        """How many calls run in this process."""
        return len(self._busy)

    def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises; the share of the current work says whose turn it takes.

        Raises HashingOverloaded when slots and queue are full, at once or when another takes the place of this call,
        and RuntimeError after `close`.
        """
        call = PoolCall(work)
        with self._changed:
            if self._closed:
                raise RuntimeError("this hashing pool is closed")
            self._start()
            self._enqueue(call, current_hash_share())
            self._dispatch()
        try:
            return call.result()
        finally:
            call.is_left = True
            if call.ran:
                self._settle(call)

    def close(self) -> None:
        """Refuse further calls, and end the threads after the accepted ones."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.wait_for(lambda: self._dispatched == 0)
        for _ in self._threads:
            self._wakeups.put(False)
        for thread in self._threads:
            thread.join()
        if self._shared_slots is not None:
            self._shared_slots.close()

    def retry_after(self) -> int:
        """Return after how many whole seconds a full queue has probably moved on."""
        return max(1, ceil(self._mean_seconds * self._queue / self._slots))

    def _start(self) -> None:
        if self._shared is not None and self._shared_slots is None:
            self._shared_slots = SharedSlots(self._shared, self._slots)
        while len(self._threads) < self._slots:
            thread = threading.Thread(target=self._work, name=f"hashing-{len(self._threads)}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _enqueue(self, call: PoolCall[Any], share: HashShare) -> None:
        queue = self._queue_of_known if share.is_known else self._queue_of_others
        if len(queue) + self._dispatched >= self._slots + self._queue:
            displaced = queue.displace(share.subject)
            if displaced is None:
                raise self._overloaded()
            displaced.fail(self._overloaded())
        queue.put(share.subject, call)

    def _overloaded(self) -> HashingOverloaded:
        self._metrics.add(HASHES_REFUSED)
        return HashingOverloaded(self.retry_after())

    def _dispatch(self) -> None:
        """Hand as many calls to the threads as there are threads without one."""
        while self._dispatched < self._slots:
            self._queues.rotate()
            call = self._queues[0].take() or self._queues[1].take()
            if call is None:
                return
            self._dispatched += 1
            self._ready.append(call)
            self._wakeups.put(True)

    def _settle(self, call: PoolCall[Any]) -> None:
        """Count a call that has run as ended, once."""
        seconds = call.ended_at - call.started_at
        with self._changed:
            if call.is_settled:
                return
            call.is_settled = True
            mean = self._mean_seconds
            self._mean_seconds = seconds if mean == 0.0 else mean + (seconds - mean) / 8
            self._dispatched -= 1
            self._dispatch()
            self._changed.notify_all()
        self._metrics.observe(HASH_WAIT, call.started_at - call.queued_at)
        self._metrics.observe(HASH_SECONDS, seconds)

    def _work(self) -> None:
        # Python code here has low priority while it holds the interpreter lock, so it is short.
        _lower_priority(self._nice)
        slots = self._shared_slots
        while self._wakeups.get():
            if slots is None:
                self._run_next()
            elif self._ready:
                slot = self._acquire(slots)
                self._run_next()
                slots.release(slot)

    def _acquire(self, slots: SharedSlots) -> Slot:
        slot = slots.try_acquire()
        if slot is None:
            # One more thread may wait for one more slot; the first to get its slot takes the next call.
            self._wakeups.put(True)
            slot = slots.acquire()
        return slot

    def _run_next(self) -> None:
        try:
            call = self._ready.popleft()
        except IndexError:  # another thread got its slot first
            return
        self._busy.append(None)
        call.run()
        self._busy.pop()
        call.set_done()  # before the slot is released, after which this thread may wait for the interpreter lock
        if call.is_left and not call.is_settled:  # by Ctrl-C
            self._settle(call)


def _lower_priority(nice: int) -> None:
    if sys.platform == "linux":  # elsewhere priorities belong to processes
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + nice)


def _after_fork(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    def call_if_alive() -> None:
        if (bound := method()) is not None:
            bound()

    os.register_at_fork(after_in_child=call_if_alive)
