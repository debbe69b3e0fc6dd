from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class MetricKind(Enum):
    """What a measure's figures mean, and how those of several processes become one.

    A COUNT only rises, and a DISTRIBUTION tells how many figures were no higher than each of its buckets: they are
    added. The others say how it is: of a SUM those of the processes that live are added, of a LEAST the smallest of
    them is told, and of a LATEST, where all of them look at the same thing, what was seen last.
    """

    COUNT = "count"
    DISTRIBUTION = "distribution"
    SUM = "sum"
    LEAST = "least"
    LATEST = "latest"


@dataclass(frozen=True, slots=True, eq=False)
class MetricDefinition:
    """Something that is measured: its name by the rules of Prometheus, and in words what it tells.

    A figure of it comes with one text for each of its `labels`, of which there must be few, however many people there
    are. `buckets` are the limits that a DISTRIBUTION sorts its figures by.
    """

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


class Metrics(Protocol):
    """Takes down figures, cheaply and without ever failing its caller."""

    def declare(self, measure: MetricDefinition, *labels: str) -> None:
        """Let a count, or a distribution, be told although there is nothing to tell yet: its first figure is news."""
        ...

    def add(self, measure: MetricDefinition, amount: float = 1, *labels: str) -> None:
        """Add to a count."""
        ...

    def observe(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        """Take one figure of a distribution."""
        ...

    def set(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        """Say how something is at this moment."""
        ...

    def observe_callback(self, measure: MetricDefinition, look: Callable[[], float], *labels: str) -> None:
        """Have `look` asked every now and then how something is, or how much a count has come to; it must be quick."""
        ...


class NoMetrics(Metrics):
    """Takes nothing down."""

    def declare(self, measure: MetricDefinition, *labels: str) -> None:
        """Expect nothing."""

    def add(self, measure: MetricDefinition, amount: float = 1, *labels: str) -> None:
        """Forget it."""

    def observe(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        """Forget it."""

    def set(self, measure: MetricDefinition, figure: float, *labels: str) -> None:
        """Forget it."""

    def observe_callback(self, measure: MetricDefinition, look: Callable[[], float], *labels: str) -> None:
        """Ask nobody."""


NO_METRICS = NoMetrics()


QUICK_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds, for what takes a millisecond where all is well and a few seconds where it is not."""


SLOW_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds, for what takes long by its nature."""


WAIT_SECONDS = (0.001, 0.01, 0.1, 1.0, 5.0)
