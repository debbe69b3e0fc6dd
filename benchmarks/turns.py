import statistics
import time
from collections.abc import Callable, Mapping

from benchmarks.table import Table

ROUNDS = 5


def take_turns(table: Table, actions: Mapping[str, Callable[[], object]], times: int) -> None:
    """Run the actions in turn, `times` in a round, and add the median milliseconds of each round to the table.

    A round of warm-up precedes the first round.
    """
    _medians(actions, times)
    for _ in range(ROUNDS):
        for name, median in _medians(actions, times).items():
            table.add(f"{name} ms", median)


def _medians(actions: Mapping[str, Callable[[], object]], times: int) -> dict[str, float]:
    durations: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(times):
        for name, action in actions.items():
            began = time.perf_counter()
            action()
            durations[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(milliseconds) for name, milliseconds in durations.items()}
