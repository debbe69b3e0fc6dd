"""The panels of the dashboards, built with Grafana's own library."""

from collections.abc import Mapping
from typing import TypeAlias

from grafana_foundation_sdk.builders.common import VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Graph
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

Lines: TypeAlias = Mapping[str, str]
"""Expressions of PromQL by their legends."""
Colours: TypeAlias = Mapping[float, str]
"""Names of colours by the values from which on they are used, in ascending order."""

_NONE: Colours = {}

# As config/grafana/provisioning/datasources names it.
_PROMETHEUS = DataSourceRef(type_val="prometheus", uid="prometheus")


def rate(count: str, *by: str, of: str = "") -> str:
    """Return the rate per second of a counter, for the series that the selector `of` matches."""
    return _summed(f"rate({count}{_braced(of)}[$__rate_interval])", *by)


def quantile(share: float, distribution: str, *by: str, of: str = "") -> str:
    """Return a quantile of a histogram."""
    return f"histogram_quantile({share}, {rate(f'{distribution}_bucket', 'le', *by, of=of)})"


def total(gauge: str, *by: str, of: str = "") -> str:
    """Return the sum over all instances."""
    return _summed(f"{gauge}{_braced(of)}", *by)


def graph(title: str, unit: str, lines: Lines, description: str = "") -> Graph:
    """Return a time series, a third of the width."""
    legend = VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    return (
        Graph()
        .title(title)
        .description(description)
        .unit(unit)
        .min(0)
        .datasource(_PROMETHEUS)
        .targets(_queries(lines))
        .legend(legend.placement(LegendPlacement.BOTTOM))
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .fill_opacity(10)
        .span(8)
        .height(8)
    )


def stat(
    title: str, unit: str, expression: str, description: str = "", *, colour: str = "text", colours: Colours = _NONE
) -> Stat:
    """Return a single value, a sixth of the width, in `colour` or that of the highest of `colours` not above it."""
    steps = [Threshold(value=value, color=name) for value, name in {None: colour, **colours}.items()]
    panel = Stat().title(title).description(description).unit(unit).datasource(_PROMETHEUS)
    panel = panel.thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    return panel.targets(_queries({title: expression})).span(4).height(4)


def _queries(lines: Lines) -> list[Dataquery]:
    return [
        Dataquery().ref_id(chr(ord("A") + number)).expr(expression).legend_format(legend)
        for number, (legend, expression) in enumerate(lines.items())
    ]


def _summed(series: str, *by: str) -> str:
    return f"sum by ({', '.join(by)}) ({series})" if by else f"sum({series})"


def _braced(selector: str) -> str:
    return f"{{{selector}}}" if selector else ""
