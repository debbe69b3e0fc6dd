"""Threads that begin at the same moment, and change places as often as the interpreter can."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")

PATIENCE = 60.0


class Racers:
    """Threads that are kept from race to race."""

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

    def race(self, works: Iterable[Callable[[], T]]) -> list[T]:
        """Do all of `works` at once and return what each returned; an exception of one is raised here."""
        contestants = list(works)
        start = Barrier(len(contestants))

        def run(work: Callable[[], T]) -> T:
            start.wait(PATIENCE)
            return work()

        futures = [self._pool.submit(run, work) for work in contestants]
        return [future.result(PATIENCE) for future in futures]


def race(*works: Callable[[], T]) -> list[T]:
    """Do all of `works` at once, each in a thread, and return what each returned."""
    with Racers(len(works)) as racers:
        return racers.race(works)


def outcome(work: Callable[[], object], *refusals: type[Exception]) -> str:
    """Return "done", or the name of the one of `refusals` that `work` was turned down with."""
    try:
        work()
    except refusals as refusal:
        return type(refusal).__name__
    return "done"


def check_one_winner(outcomes: Sequence[str], refusal: type[Exception]) -> None:
    """Compare the outcomes of a race that one wins while all others get the same refusal."""
    assert Counter(outcomes) == {"done": 1, refusal.__name__: len(outcomes) - 1}
