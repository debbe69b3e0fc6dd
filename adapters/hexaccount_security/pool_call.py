import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

I_contra = TypeVar("I_contra", contravariant=True)
T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class BatchWork(Protocol[I_contra, T_co]):
    """Work on several inputs at once, for calls with equal ones."""

    @property
    def largest_batch(self) -> int: ...

    def __call__(self, inputs: Sequence[I_contra]) -> Sequence[T_co]:
        """Return a result for each input."""
        ...


class LoneWork:
    """Runs a function for one call."""

    largest_batch = 1

    def __call__(self, inputs: Sequence[Callable[[], T]]) -> list[T]:
        return [function() for function in inputs]


class PoolCall(Generic[T]):
    """A call that one thread queues and waits for, and another runs; a future at a third of the cost."""

    __slots__ = ("_done", "_error", "_result", "batch", "input", "is_left", "queued_at", "work")

    def __init__(self, work: BatchWork[Any, T], of: object) -> None:
        self.work = work
        self.input = of
        self.batch: PoolBatch | None = None
        self.queued_at = monotonic()
        self.is_left = False
        self._error: BaseException | None = None
        self._result: T
        self._done = threading.Lock()
        self._done.acquire()

    def succeed(self, result: T) -> None:
        self._result = result

    def fail(self, error: BaseException) -> None:
        self._error = error

    def set_done(self) -> None:
        self._done.release()

    def result(self) -> T:
        """Wait, and return what the work returned or raise what it raised."""
        self._done.acquire()
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # its traceback refers to this frame, which refers to it
        return self._result


class PoolBatch:
    """Calls with equal work that a thread runs at once; it may be filled until it starts."""

    def __init__(self, first: PoolCall[Any]) -> None:
        self.calls = [first]
        self._work = first.work
        self._filling = threading.Lock()
        self.started_at = self.ended_at = 0.0
        self.is_settled = False
        first.batch = self

    def fill(self, take: Callable[[Callable[[PoolCall[Any]], bool]], PoolCall[Any] | None]) -> None:
        """Add calls with this work, which `take` returns, until the batch is full, unless it has started.

        A caller never waits here, as the low-priority thread that starts the batch may lose its core.
        """
        if not self._filling.acquire(blocking=False):
            return
        try:
            while len(self.calls) < self._work.largest_batch and (call := take(self._fits)) is not None:
                call.batch = self
                self.calls.append(call)
        finally:
            self._filling.release()

    def run(self) -> None:
        self._filling.acquire()  # for good
        self.started_at = monotonic()
        _run(self._work, self.calls)
        self.ended_at = monotonic()

    def set_done(self) -> None:
        for call in self.calls:
            call.set_done()

    @property
    def is_waiting(self) -> bool:
        return not self.started_at

    @property
    def has_run(self) -> bool:
        return bool(self.ended_at)

    @property
    def is_left(self) -> bool:
        """Whether no caller waits any more."""
        return all(call.is_left for call in self.calls)

    def _fits(self, call: PoolCall[Any]) -> bool:
        return call.work == self._work


def _run(work: BatchWork[Any, Any], calls: Sequence[PoolCall[Any]]) -> None:
    try:
        for call, result in zip(calls, work([call.input for call in calls]), strict=True):
            call.succeed(result)
    except BaseException as error:  # noqa: BLE001 - `result` raises it on the caller's thread
        if len(calls) == 1:
            calls[0].fail(error)
            return
        for call in calls:  # so that only those fail whose input is at fault
            _run(work, [call])
