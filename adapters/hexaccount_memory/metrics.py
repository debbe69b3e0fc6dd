from collections import defaultdict
from collections.abc import Callable
from typing import TypeAlias

from hexaccount.kernel.metrics import MetricDefinition, Metrics

_Series: TypeAlias = tuple[MetricDefinition, tuple[str, ...]]


class MemoryMetrics(Metrics):
    """Keeps metrics in dictionaries; callbacks run when a value is read."""

    def __init__(self) -> None:
        self._figures: defaultdict[_Series, float] = defaultdict(float)
        self._observed: defaultdict[_Series, list[float]] = defaultdict(list)
        self._callbacks: dict[_Series, Callable[[], float]] = {}

    def declare(self, measure: MetricDefinition, *labels: str) -> None:
        self._figures[measure, labels] += 0

    def add(self, measure: MetricDefinition, amount: float = 1, *labels: str) -> None:
        self._figures[measure, labels] += amount

    def observe(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        self._observed[measure, labels].append(figure)

    def set(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        self._figures[measure, labels] = figure

    def observe_callback(self, measure: MetricDefinition, look: Callable[[], float], *labels: str) -> None:
        self._callbacks[measure, labels] = look

    def figure(self, measure: MetricDefinition, *labels: str) -> float:
        """Return the current value, 0 if there is none."""
        callback = self._callbacks.get((measure, labels))
        return self._figures[measure, labels] if callback is None else callback()

    def observed(self, measure: MetricDefinition, *labels: str) -> list[float]:
        """Return the observations of a distribution, oldest first."""
        return list(self._observed[measure, labels])

    def labels_of(self, measure: MetricDefinition) -> frozenset[tuple[str, ...]]:
        """Return the labels of the existing series of a metric."""
        return frozenset(
            labels
            for series in (self._figures, self._observed, self._callbacks)
            for of, labels in series
            if of is measure
        )
