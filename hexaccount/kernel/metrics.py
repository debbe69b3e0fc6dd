from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import ModuleType
from typing import Protocol

QUICK_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets for what takes a millisecond where all is well and a few seconds where it is not."""
SLOW_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Buckets for what takes long by its nature."""
WAIT_SECONDS = (0.001, 0.01, 0.1, 1.0, 5.0)
"""Buckets for waits that a healthy service does not have."""


class MetricKind(Enum):
    """How the values of a metric are read, and how those of several processes become one.

    A COUNT only rises, and a DISTRIBUTION counts the values that were no higher than each of its buckets: both are
    added. The others are states: SUM adds those of the living processes, MIN takes the smallest, and LATEST, for what
    all processes observe alike, takes the value that was set last.
    """

    COUNT = "count"
    DISTRIBUTION = "distribution"
    SUM = "sum"
    MIN = "min"
    LATEST = "latest"


@dataclass(frozen=True, slots=True, eq=False)
class MetricDefinition:
    """A metric: its name by the rules of Prometheus, and its help text.

    Each value comes with one text for each of `labels`; these must be few, however many users there are. `buckets` are
    the upper bounds of a DISTRIBUTION.
    """

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


def metric_definitions(module: ModuleType) -> tuple[MetricDefinition, ...]:
    """Return the metrics that a module defines, in their order there."""
    return tuple(value for value in vars(module).values() if isinstance(value, MetricDefinition))


class Metrics(Protocol):
    """Records metrics, cheaply and without ever failing its caller."""

    def declare(self, metric: MetricDefinition, *labels: str) -> None:
        """Export the series of a COUNT or a DISTRIBUTION at zero, so that its first increase is seen."""
        ...

    def add(self, metric: MetricDefinition, amount: float = 1, *labels: str) -> None:
        """Add to a COUNT."""
        ...

    def observe(self, metric: MetricDefinition, value: float, *labels: str) -> None:
        """Record one value of a DISTRIBUTION."""
        ...

    def set(self, metric: MetricDefinition, value: float, *labels: str) -> None:
        """Record a state."""
        ...

    def observe_callback(self, metric: MetricDefinition, read: Callable[[], float], *labels: str) -> None:
        """Have `read` called now and then for a state, or for the total of a COUNT; it must be quick."""
        ...


class NoMetrics(Metrics):
    """Records nothing."""

    def declare(self, metric: MetricDefinition, *labels: str) -> None: ...
    def add(self, metric: MetricDefinition, amount: float = 1, *labels: str) -> None: ...
    def observe(self, metric: MetricDefinition, value: float, *labels: str) -> None: ...
    def set(self, metric: MetricDefinition, value: float, *labels: str) -> None: ...
    def observe_callback(self, metric: MetricDefinition, read: Callable[[], float], *labels: str) -> None: ...


NO_METRICS = NoMetrics()
