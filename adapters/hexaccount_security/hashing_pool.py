import contextlib
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from math import ceil
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from hexaccount.kernel.fair_queue import FairQueue
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.passwords.hash_share import HashShare, current_hash_share
from hexaccount.passwords.metrics import HASH_SECONDS, HASH_WAIT, HASHES_REFUSED, HASHES_RUNNING, HASHES_WAITING
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount_security.pool_call import BatchWork, LoneWork, PoolBatch, PoolCall
from hexaccount_security.shared_slots import SharedSlots, Slot

T = TypeVar("T")
Input = TypeVar("Input")

_LONE_WORK = LoneWork()


class HashingPool:
    """Runs slow hash calls on a few low-priority threads, behind a bounded queue that is shared fairly.

    A hash on the thread of its request competes with every other request for a core; a low-priority thread uses what
    the others leave. The queue is bounded because a hash that ends after its client's time-out is wasted. Who is known
    and who is not have a queue each, which take turns, and in each the subjects take turns: see HashShare. In a full
    queue a subject that has fewer calls than another displaces the newest of the other.

    A slot runs a batch: the call whose turn it is, and those whose turns are next among the waiting ones with equal
    work, which may join until it starts. None waits for others to come.

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

        slots: how many batches run at once: in this process, or with `shared` in all processes together.
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
        self._queue_of_known: FairQueue[PoolCall[Any]] = FairQueue()
        self._queue_of_others: FairQueue[PoolCall[Any]] = FairQueue()
        self._queues = deque([self._queue_of_others, self._queue_of_known])  # in the order of their turns
        self._batches: list[PoolBatch] = []  # those that a thread has not run yet, or whose end is not settled
        self._ready: deque[PoolBatch] = deque()
        self._wakeups: SimpleQueue[bool] = SimpleQueue()
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
        return sum(map(len, self._queues)) + _calls_in(batch for batch in (*self._batches,) if batch.is_waiting)

    @property
    def running(self) -> int:
        """How many calls run in this process."""
        return _calls_in(batch for batch in (*self._batches,) if not batch.is_waiting and not batch.has_run)

    def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises; the share of the current work says whose turn it takes.

        Raises HashingOverloaded when slots and queue are full, at once or when another takes the place of this call,
        and RuntimeError after `close`.
        """
        return self.run_together(_LONE_WORK, work)

    def run_together(self, work: BatchWork[Input, T], of: Input) -> T:
        """Return the result of `work` for one input; waiting calls whose work is equal are done at once.

        It raises what `run` raises.
        """
        call = PoolCall(work, of)
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
            if call.batch is not None and call.batch.has_run:
                self._settle(call.batch)

    def close(self) -> None:
        """Refuse further calls, and end the threads after the accepted ones."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.wait_for(lambda: not self._batches)
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
        if len(queue) + len(self._batches) >= self._slots + self._queue:
            displaced = queue.displace(share.subject)
            if displaced is None:
                raise self._overloaded()
            displaced.fail(self._overloaded())
            displaced.set_done()
        queue.put(share.subject, call)

    def _overloaded(self) -> HashingOverloaded:
        self._metrics.add(HASHES_REFUSED)
        return HashingOverloaded(self.retry_after())

    def _dispatch(self) -> None:
        """Fill the batches that have not started, and hand one to each thread without one."""
        for batch in self._batches:
            batch.fill(self._take)
        while len(self._batches) < self._slots and (call := self._take()) is not None:
            batch = PoolBatch(call)
            batch.fill(self._take)
            self._batches.append(batch)
            self._ready.append(batch)
            self._wakeups.put(True)

    def _take(self, fits: Callable[[PoolCall[Any]], bool] = lambda _: True) -> PoolCall[Any] | None:
        """Remove and return the fitting call whose turn is next."""
        for queue in (*self._queues,):
            if (call := queue.take(fits)) is not None:
                self._queues.remove(queue)
                self._queues.append(queue)
                return call
        return None

    def _settle(self, batch: PoolBatch) -> None:
        """Count a batch that has run as ended, once."""
        seconds = batch.ended_at - batch.started_at
        with self._changed:
            if batch.is_settled:
                return
            batch.is_settled = True
            calls, batch.calls = batch.calls, []  # as each refers to its batch
            mean, share = self._mean_seconds, seconds / len(calls)
            self._mean_seconds = share if mean == 0.0 else mean + (share - mean) / 8
            self._batches.remove(batch)
            self._dispatch()
            self._changed.notify_all()
        for call in calls:
            self._metrics.observe(HASH_WAIT, batch.started_at - call.queued_at)
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
            # One more thread may wait for one more slot; the first to get its slot takes the next batch.
            self._wakeups.put(True)
            slot = slots.acquire()
        return slot

    def _run_next(self) -> None:
        try:
            batch = self._ready.popleft()
        except IndexError:  # another thread got its slot first
            return
        batch.run()
        batch.set_done()  # before the slot is released, after which this thread may wait for the interpreter lock
        if batch.is_left and not batch.is_settled:  # by Ctrl-C
            self._settle(batch)


def _calls_in(batches: Iterable[PoolBatch]) -> int:
    return sum(len(batch.calls) for batch in batches)


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
