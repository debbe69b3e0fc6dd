"""Renders the dashboards; `python -m tests.monitoring.written_dashboards` writes them to config/grafana."""

import itertools
import json
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

from tests.monitoring.dashboards import DASHBOARDS, Rows

FOLDER = Path(__file__).parents[2] / "config" / "grafana" / "dashboards"


def written(name: str, title: str, rows: Rows) -> str:
    """Return the JSON of a dashboard."""
    dashboard = (
        Dashboard(f"hexaccount: {title}")
        .uid(f"hexaccount-{name}")
        .tags(["hexaccount"])
        .refresh("30s")
        .time("now-3h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
    )
    numbers = itertools.count(1)
    for row, panels in rows.items():
        dashboard.with_row(Row(row).id(next(numbers)))
        for panel in panels:
            dashboard.with_panel(panel.id(next(numbers)))
    return json.dumps(dashboard.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    for name, (title, rows) in DASHBOARDS.items():
        (FOLDER / f"{name}.json").write_text(written(name, title, rows))
