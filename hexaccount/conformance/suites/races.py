"""Starts threads at the same moment, with the shortest switch interval of the interpreter."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")

TIMEOUT_SECONDS = 60.0


class RacingThreads:
    """A pool of threads for several races."""

    def __init__(self, number: int) -> None:
        self._pool = ThreadPoolExecutor(number)
        self._interval = sys.getswitchinterval()

    def __enter__(self) -> Self:
        sys.setswitchinterval(1e-5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.setswitchinterval(self._interval)
        self._pool.shutdown(wait=error is None)

    def race(self, functions: Iterable[Callable[[], T]]) -> list[T]:
        """Call all functions at once and return their results; raises the exception of one that fails."""
        racing = list(functions)
        start = Barrier(len(racing))

        def run(function: Callable[[], T]) -> T:
            start.wait(TIMEOUT_SECONDS)
            return function()

        futures = [self._pool.submit(run, function) for function in racing]
        return [future.result(TIMEOUT_SECONDS) for future in futures]


def race(*functions: Callable[[], T]) -> list[T]:
    """Call all functions at once, each in a thread, and return their results."""
    with RacingThreads(len(functions)) as threads:
        return threads.race(functions)


def outcome(function: Callable[[], object], *refusals: type[Exception]) -> str:
    """Return "done", or the name of the error of `refusals` that `function` raised."""
    try:
        function()
    except refusals as refusal:
        return type(refusal).__name__
    return "done"


def check_one_winner(outcomes: Sequence[str], refusal: type[Exception]) -> None:
    """Check that one racer succeeded and all others got the same error."""
    assert Counter(outcomes) == {"done": 1, refusal.__name__: len(outcomes) - 1}
