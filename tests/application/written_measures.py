"""The table of measures as docs/metrics.md has it; `python -m tests.application.written_measures` writes it anew."""

from pathlib import Path

import hexaccount.application.measures

from hexaccount.kernel.metrics import MetricDefinition, MetricKind

FILE = Path(__file__).parents[2] / "docs" / "metrics.md"
HEAD = "| figure | labels | tells |\n|---|---|---|\n"

_ENDINGS = {MetricKind.COUNT: "_total", MetricKind.DISTRIBUTION: "_bucket`, `…_sum`, `…_count"}


def every_measure() -> list[MetricDefinition]:
    """Return all measures, in the order in which they are written down."""
    return [each for each in vars(hexaccount.application.measures).values() if isinstance(each, MetricDefinition)]


def table() -> str:
    """Return a line for each measure."""
    return HEAD + "".join(_line(measure) for measure in every_measure())


def _line(measure: MetricDefinition) -> str:
    labels = ", ".join(f"`{label}`" for label in measure.labels)
    return f"| `{measure.name}{_ENDINGS.get(measure.kind, '')}` | {labels} | {measure.help} |\n"


if __name__ == "__main__":
    text = FILE.read_text()
    FILE.write_text(text[: text.index(HEAD)] + table())
