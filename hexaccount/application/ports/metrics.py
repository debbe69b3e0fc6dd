from dataclasses import dataclass
from enum import Enum
from typing import Protocol


class Kind(Enum):
    """What a measure's figures mean, and how those of several processes become one.

    A COUNT only rises, and they are added. Of a LEAST the smallest of the processes that live is told.
    """

    COUNT = "count"
    LEAST = "least"


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is measured: its name by the rules of Prometheus, and in words what it tells."""

    name: str
    kind: Kind
    told: str


class Metrics(Protocol):
    """Takes down figures, cheaply and without ever failing its caller."""

    def add(self, measure: Measure, amount: float = 1) -> None:
        """Add to a count."""
        ...

    def set(self, measure: Measure, figure: float) -> None:
        """Say how something is at this moment."""
        ...


class NoMetrics(Metrics):
    """Takes nothing down."""

    def add(self, measure: Measure, amount: float = 1) -> None:
        """Forget it."""

    def set(self, measure: Measure, figure: float) -> None:
        """Forget it."""
