"""Reads the files of Prometheus, Alertmanager and Grafana."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path(__file__).parents[2] / "config"
RULES = sorted((CONFIG / "prometheus" / "rules").glob("*.yml"))
RULE_TESTS = sorted((CONFIG / "prometheus" / "tests").glob("*.yml"))
DASHBOARDS = sorted((CONFIG / "grafana" / "dashboards").glob("*.json"))
ALERTMANAGER = CONFIG / "alertmanager" / "alertmanager.yml"
PROMETHEUS = CONFIG / "prometheus" / "prometheus.yml"

_NAME = re.compile(r"(?<![\w:])(?:hexaccount[_:][\w:]+|(?:alertmanager|prometheus)_\w+|up)(?![\w:\"=-])")


def parsed(file: Path) -> Any:
    """Return the parsed YAML or JSON of a file."""
    return yaml.safe_load(file.read_text())


def rules() -> Iterator[dict[str, Any]]:
    """Yield every rule, recording or alerting."""
    for file in RULES:
        for group in parsed(file)["groups"]:
            yield from group["rules"]


def alerts() -> list[dict[str, Any]]:
    """Return the alerting rules."""
    return [rule for rule in rules() if "alert" in rule]


def records() -> list[dict[str, Any]]:
    """Return the recording rules."""
    return [rule for rule in rules() if "record" in rule]


def names_in(expression: str) -> set[str]:
    """Return the names of the series in an expression."""
    without_texts = re.sub(r'"[^"]*"', '""', expression)
    return set(_NAME.findall(without_texts))


def panels(file: Path) -> list[dict[str, Any]]:
    """Return the panels of a dashboard that have queries."""
    return [panel for panel in parsed(file)["panels"] if panel["type"] != "row"]


def expressions(file: Path) -> list[str]:
    """Return the queries of a dashboard, with a minute in place of the interval that Grafana chooses."""
    found = [target["expr"] for panel in panels(file) for target in panel["targets"]]
    return [expression.replace("$__rate_interval", "1m") for expression in found]
