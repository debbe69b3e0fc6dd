"""Writes the table of metrics in docs/metrics.md: `python -m tests.hexagon.observability.written_metrics`."""

from pathlib import Path

from hexaccount.bootstrap.capabilities import all_capabilities
from hexaccount.kernel.metrics import MetricDefinition, MetricKind

FILE = Path(__file__).parents[3] / "docs" / "metrics.md"
HEAD = "| metric | labels | meaning |\n|---|---|---|\n"

_ENDINGS = {MetricKind.COUNT: "_total", MetricKind.DISTRIBUTION: "_bucket`, `…_sum`, `…_count"}


def every_metric() -> list[MetricDefinition]:
    """Return all metrics, in the order of the table."""
    return [metric for capability in all_capabilities() for metric in capability.metrics]


def table() -> str:
    """Return the Markdown table of all metrics."""
    return HEAD + "".join(_line(metric) for metric in every_metric())


def _line(metric: MetricDefinition) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}{_ENDINGS.get(metric.kind, '')}` | {labels} | {metric.help} |\n"


if __name__ == "__main__":
    text = FILE.read_text()
    FILE.write_text(text[: text.index(HEAD)] + table())
