from collections import defaultdict

from hexaccount.application.ports.metrics import Measure, Metrics


class MemoryMetrics(Metrics):
    """Keeps figures in a dictionary."""

    def __init__(self) -> None:
        self.figures: defaultdict[str, float] = defaultdict(float)

    def add(self, measure: Measure, amount: float = 1) -> None:
        self.figures[measure.name] += amount

    def set(self, measure: Measure, figure: float) -> None:
        self.figures[measure.name] = figure
