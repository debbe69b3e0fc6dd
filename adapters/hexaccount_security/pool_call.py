import threading
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class PoolCall(Generic[T]):
    """A call that one thread queues and waits for, and another runs; a future at a third of the cost."""

    __slots__ = (
        "_done",
        "_error",
        "_result",
        "_work",
        "ended_at",
        "is_left",
        "is_settled",
        "queued_at",
        "ran",
        "started_at",
    )

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.queued_at = self.started_at = self.ended_at = monotonic()
        self.ran = self.is_left = self.is_settled = False
        self._error: BaseException | None = None
        self._result: T
        self._done = threading.Lock()
        self._done.acquire()

    def run(self) -> None:
        self.started_at = monotonic()
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - `result` raises it on the caller's thread
            self._error = error
        self.ended_at = monotonic()
        self.ran = True

    def set_done(self) -> None:
        self._done.release()

    def fail(self, error: BaseException) -> None:
        """Make `result` raise an error, without running the work."""
        self._error = error
        self.set_done()

    def result(self) -> T:
        """Wait, and return what the work returned or raise what it raised."""
        self._done.acquire()
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # its traceback refers to this frame, which refers to it
        return self._result
