"""Checks the files of Prometheus, Alertmanager and Grafana, with their own tools too."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hexaccount.kernel.metrics import MetricKind
from tests.hexagon.observability.written_metrics import every_metric
from tests.monitoring.dashboards import DASHBOARDS as DEFINED
from tests.monitoring.files import (
    ALERTMANAGER,
    CONFIG,
    DASHBOARDS,
    PROMETHEUS,
    RULE_TESTS,
    RULES,
    alerts,
    expressions,
    names_in,
    panels,
    parsed,
    records,
    rules,
)
from tests.monitoring.written_dashboards import written
from tests.servers.prometheus import program

# Exported by Prometheus and Alertmanager; tests/monitoring/test_live.py finds them there.
EXTERNAL_SERIES = {"alertmanager_notifications_failed_total", "prometheus_notifications_dropped_total"}


def run(*command: str | Path) -> str:
    ran = subprocess.run(
        [program(str(command[0])), *command[1:]], capture_output=True, text=True, timeout=120, check=False
    )
    output = ran.stdout + ran.stderr
    assert ran.returncode == 0, output
    return output


def exported_names() -> set[str]:
    """Return the names of the series that our metrics are exported as."""
    endings = {MetricKind.COUNT: ["_total"], MetricKind.DISTRIBUTION: ["_bucket", "_sum", "_count"]}
    return {f"{metric.name}{ending}" for metric in every_metric() for ending in endings.get(metric.kind, [""])}


def test_prometheus_accepts_its_files() -> None:
    assert "FAILED" not in run("promtool", "check", "config", PROMETHEUS)
    assert "FAILED" not in run("promtool", "check", "rules", *RULES)


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_not_before(file: Path) -> None:
    run("promtool", "test", "rules", file)


def test_every_alert_is_tested_to_fire_and_to_be_silent() -> None:
    tests = [
        test for file in RULE_TESTS for suite in parsed(file)["tests"] for test in suite.get("alert_rule_test", [])
    ]
    fired = {test["alertname"] for test in tests if test.get("exp_alerts")}
    silent = {test["alertname"] for test in tests if not test.get("exp_alerts")}
    names = {alert["alert"] for alert in alerts()}
    assert names - fired == set()
    assert names - silent == {"HexaccountWatchdog"}, "it is always raised"


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_has_a_severity_two_texts_and_a_line_in_the_operations_guide(
    alert: dict[str, Any],
) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket", "heartbeat"}
    assert set(alert["annotations"]) == {"summary", "description"}
    text = (CONFIG.parent / "docs" / "operations.md").read_text()
    assert f"`{alert['alert']}`" in text


def test_rules_and_dashboards_query_only_series_that_exist() -> None:
    recorded = {record["record"] for record in records()}
    known = exported_names() | recorded | {"up", *EXTERNAL_SERIES}
    queried = {name for rule in rules() for name in names_in(rule["expr"])}
    for file in DASHBOARDS:
        queried |= {name for expression in expressions(file) for name in names_in(expression)}
    assert queried - known == set()
    assert recorded - queried == set(), "recorded and not used"


def test_every_metric_is_on_a_dashboard() -> None:
    queried = {name for file in DASHBOARDS for expression in expressions(file) for name in names_in(expression)}
    queried |= {name for record in records() if record["record"] in queried for name in names_in(record["expr"])}
    stems = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in queried}
    assert {metric.name for metric in every_metric()} - stems == set()


def test_alertmanager_accepts_its_file() -> None:
    assert "SUCCESS" in run("amtool", "check-config", ALERTMANAGER)


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_goes_to_the_receiver_of_its_severity(alert: dict[str, Any]) -> None:
    severity = alert["labels"]["severity"]
    labels = [f"alertname={alert['alert']}", f"severity={severity}"]
    output = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    assert output.splitlines()[0] == severity


def test_no_file_contains_a_secret() -> None:
    keys = re.compile(
        r"^\s*-?\s*(\w*(?:password|credentials|token|secret|api_key|routing_key|api_url))\s*:", re.MULTILINE
    )
    for file in (*CONFIG.joinpath("alertmanager").glob("*"), *CONFIG.joinpath("grafana").rglob("*.yml"), PROMETHEUS):
        assert keys.findall(file.read_text()) == [], file


def test_inhibit_rules_name_existing_alerts() -> None:
    names = {alert["alert"] for alert in alerts()}
    for rule in parsed(ALERTMANAGER)["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            pattern = re.fullmatch(r'alertname =~? "(.*)"', matcher)
            assert pattern
            alternatives = re.fullmatch(r"Hexaccount\((.*)\)", pattern[1])
            wanted = [f"Hexaccount{each}" for each in alternatives[1].split("|")] if alternatives else [pattern[1]]
            assert all(any(re.fullmatch(each, name) for name in names) for each in wanted), matcher


@pytest.mark.parametrize("name", DEFINED)
def test_the_file_of_a_dashboard_matches_its_definition(name: str) -> None:
    (file,) = [file for file in DASHBOARDS if file.stem == name]
    assert file.read_text() == written(name, *DEFINED[name]), "run python -m tests.monitoring.written_dashboards"


def test_grafana_finds_the_dashboards_and_their_data_source() -> None:
    assert {file.stem for file in DASHBOARDS} == set(DEFINED)
    (source,) = parsed(CONFIG / "grafana/provisioning/datasources/prometheus.yml")["datasources"]
    (provider,) = parsed(CONFIG / "grafana/provisioning/dashboards/hexaccount.yml")["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    dashboards = [parsed(file) for file in DASHBOARDS]
    assert len({dashboard["uid"] for dashboard in dashboards}) == len(dashboards)
    for file in DASHBOARDS:
        found = panels(file)
        assert {panel["datasource"]["uid"] for panel in found} == {source["uid"]}
        assert len({panel["id"] for panel in parsed(file)["panels"]}) == len(parsed(file)["panels"])
        for panel in found:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
