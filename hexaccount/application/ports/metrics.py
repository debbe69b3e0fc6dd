from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Kind(Enum):
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
class Measure:
    """Something that is measured: its name by the rules of Prometheus, and in words what it tells.

    A figure of it comes with one text for each of its `labels`, of which there must be few, however many people there
    are. `buckets` are the limits that a DISTRIBUTION sorts its figures by.
    """

    name: str
    kind: Kind
    told: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


class Metrics(Protocol):
    """Takes down figures, cheaply and without ever failing its caller."""

    def expect(self, measure: Measure, *labels: str) -> None:
        """Let a count, or a distribution, be told although there is nothing to tell yet: its first figure is news."""
        ...

    def add(self, measure: Measure, amount: float = 1, *labels: str) -> None:
        """Add to a count."""
        ...

    def observe(self, measure: Measure, figure: float, *labels: str) -> None:
        """Take one figure of a distribution."""
        ...

    def set(self, measure: Measure, figure: float, *labels: str) -> None:
        """Say how something is at this moment."""
        ...

    def ask(self, measure: Measure, look: Callable[[], float], *labels: str) -> None:
        """Have `look` asked every now and then how something is, or how much a count has come to; it must be quick."""
        ...


class NoMetrics(Metrics):
    """Takes nothing down."""

    def expect(self, measure: Measure, *labels: str) -> None:
        """Expect nothing."""

    def add(self, measure: Measure, amount: float = 1, *labels: str) -> None:
        """Forget it."""

    def observe(self, measure: Measure, figure: float, *labels: str) -> None:
        """Forget it."""

    def set(self, measure: Measure, figure: float, *labels: str) -> None:
        """Forget it."""

    def ask(self, measure: Measure, look: Callable[[], float], *labels: str) -> None:
        """Ask nobody."""


NO_METRICS = NoMetrics()
