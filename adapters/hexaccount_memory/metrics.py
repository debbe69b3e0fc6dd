from collections import defaultdict
from collections.abc import Callable
from typing import TypeAlias

from hexaccount.kernel.metrics import MetricDefinition, Metrics

_Series: TypeAlias = tuple[MetricDefinition, tuple[str, ...]]


class MemoryMetrics(Metrics):
    """Keeps figures in dictionaries; who is to be asked is asked when a figure is read."""

    def __init__(self) -> None:
        self._figures: defaultdict[_Series, float] = defaultdict(float)
        self._observed: defaultdict[_Series, list[float]] = defaultdict(list)
        self._looks: dict[_Series, Callable[[], float]] = {}

    def declare(self, measure: MetricDefinition, *labels: str) -> None:
        self._figures[measure, labels] += 0

    def add(self, measure: MetricDefinition, amount: float = 1, *labels: str) -> None:
        self._figures[measure, labels] += amount

    def observe(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        self._observed[measure, labels].append(figure)

    def set(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        self._figures[measure, labels] = figure

    def observe_callback(self, measure: MetricDefinition, look: Callable[[], float], *labels: str) -> None:
        self._looks[measure, labels] = look

    def figure(self, measure: MetricDefinition, *labels: str) -> float:
        """Return how it is, or how much a count has come to; 0 where nobody has said."""
        look = self._looks.get((measure, labels))
        return self._figures[measure, labels] if look is None else look()

    def observed(self, measure: MetricDefinition, *labels: str) -> list[float]:
        """Return the figures of a distribution, in the order in which they came."""
        return list(self._observed[measure, labels])

    def labels_of(self, measure: MetricDefinition) -> frozenset[tuple[str, ...]]:
        """Return with which labels there are figures of a measure."""
        return frozenset(
            labels for kept in (self._figures, self._observed, self._looks) for of, labels in kept if of is measure
        )
