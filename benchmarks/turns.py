import statistics
import time
from collections.abc import Callable, Mapping

from benchmarks.table import Table

ROUNDS = 5


def take_turns(table: Table, deeds: Mapping[str, Callable[[], object]], times: int) -> None:
    """Do one thing after the other, `times` in a round, and add the median of each round to the table: milliseconds.

    Before the first round as many are done that do not count.
    """
    _medians(deeds, times)
    for _ in range(ROUNDS):
        for name, median in _medians(deeds, times).items():
            table.add(f"{name} ms", median)


def _medians(deeds: Mapping[str, Callable[[], object]], times: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in deeds}
    for _ in range(times):
        for name, deed in deeds.items():
            began = time.perf_counter()
            deed()
            taken[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(milliseconds) for name, milliseconds in taken.items()}
