import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """Metrics by name, with a value for each round."""

    metrics: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        """Record a value, and print it to standard error."""
        self.metrics.setdefault(name, []).append(value)
        print(f"  {name}: {value:.4g}", file=sys.stderr, flush=True)

    def show(self, name: str) -> str:
        """Return the median of a metric, and its spread."""
        return spread(self.metrics[name])

    def compare(self, ours_name: str, limit: str, aim: str) -> None:
        """Print two metrics and their ratio, taken round by round."""
        ratios = [mine / theirs for mine, theirs in zip(self.metrics[ours_name], self.metrics[limit], strict=True)]
        print(f"{ours_name}: {self.show(ours_name)} | {limit}: {self.show(limit)}")
        print(f"    ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), aim {aim}\n")


def spread(values: Sequence[float]) -> str:
    """Return their median, the least and the greatest."""
    return f"{statistics.median(values):.4g} ({min(values):.4g} to {max(values):.4g})"
