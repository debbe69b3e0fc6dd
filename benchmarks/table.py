import statistics
import sys
from dataclasses import dataclass, field


@dataclass
class Table:
    """Figures by name, one for each round."""

    figures: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, figure: float) -> None:
        """Take a figure down, and print it as it comes."""
        self.figures.setdefault(name, []).append(figure)
        print(f"  {name}: {figure:.4g}", file=sys.stderr, flush=True)

    def show(self, name: str) -> str:
        """Return the median of a figure, and its spread."""
        found = self.figures[name]
        return f"{statistics.median(found):.4g} ({min(found):.4g} to {max(found):.4g})"

    def compare(self, ours_name: str, limit: str, aim: str) -> None:
        """Print two figures and their ratio, taken round by round."""
        ratios = [mine / theirs for mine, theirs in zip(self.figures[ours_name], self.figures[limit], strict=True)]
        print(f"{ours_name}: {self.show(ours_name)} | {limit}: {self.show(limit)}")
        print(f"    ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), aim {aim}\n")
