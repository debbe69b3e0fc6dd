"""The files for Prometheus, Alertmanager and Grafana, as their own tools and we read them."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hexaccount.kernel.metrics import MetricKind
from tests.application.written_measures import every_measure
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

# tests/monitoring/test_live.py finds them with those who tell them.
TOLD_BY_OTHERS = {"alertmanager_notifications_failed_total", "prometheus_notifications_dropped_total"}


def run(*command: str | Path) -> str:
    ran = subprocess.run(
        [program(str(command[0])), *command[1:]], capture_output=True, text=True, timeout=120, check=False
    )
    told = ran.stdout + ran.stderr
    assert ran.returncode == 0, told
    return told


def told_names() -> set[str]:
    """Return the names under which our measures are told."""
    endings = {MetricKind.COUNT: ["_total"], MetricKind.DISTRIBUTION: ["_bucket", "_sum", "_count"]}
    return {f"{measure.name}{ending}" for measure in every_measure() for ending in endings.get(measure.kind, [""])}


def test_prometheus_takes_its_files() -> None:
    assert "FAILED" not in run("promtool", "check", "config", PROMETHEUS)
    assert "FAILED" not in run("promtool", "check", "rules", *RULES)


@pytest.mark.parametrize("file", RULE_TESTS, ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_not_before(file: Path) -> None:
    run("promtool", "test", "rules", file)


def test_every_alert_is_shown_to_fire_and_to_be_silent() -> None:
    tests = [
        test for file in RULE_TESTS for suite in parsed(file)["tests"] for test in suite.get("alert_rule_test", [])
    ]
    fired = {test["alertname"] for test in tests if test.get("exp_alerts")}
    silent = {test["alertname"] for test in tests if not test.get("exp_alerts")}
    names = {alert["alert"] for alert in alerts()}
    assert names - fired == set()
    assert names - silent == {"HexaccountWatchdog"}, "that one is never"


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_says_how_urgent_it_is_what_happened_and_what_to_do(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"page", "ticket", "heartbeat"}
    assert set(alert["annotations"]) == {"summary", "description"}
    text = (CONFIG.parent / "docs" / "operations.md").read_text()
    assert f"`{alert['alert']}`" in text


def test_rules_and_dashboards_ask_for_nothing_that_is_not_told() -> None:
    recorded = {record["record"] for record in records()}
    known = told_names() | recorded | {"up", *TOLD_BY_OTHERS}
    asked = {name for rule in rules() for name in names_in(rule["expr"])}
    for file in DASHBOARDS:
        asked |= {name for expression in expressions(file) for name in names_in(expression)}
    assert asked - known == set()
    assert recorded - asked == set(), "recorded for nobody"


def test_every_measure_is_on_a_dashboard() -> None:
    asked = {name for file in DASHBOARDS for expression in expressions(file) for name in names_in(expression)}
    asked |= {name for record in records() if record["record"] in asked for name in names_in(record["expr"])}
    stems = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in asked}
    assert {measure.name for measure in every_measure()} - stems == set()


def test_alertmanager_takes_its_file() -> None:
    assert "SUCCESS" in run("amtool", "check-config", ALERTMANAGER)


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_an_alert_goes_to_the_receiver_of_its_severity(alert: dict[str, Any]) -> None:
    severity = alert["labels"]["severity"]
    labels = [f"alertname={alert['alert']}", f"severity={severity}"]
    told = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    assert told.splitlines()[0] == severity


def test_no_file_holds_a_secret() -> None:
    keys = re.compile(
        r"^\s*-?\s*(\w*(?:password|credentials|token|secret|api_key|routing_key|api_url))\s*:", re.MULTILINE
    )
    for file in (*CONFIG.joinpath("alertmanager").glob("*"), *CONFIG.joinpath("grafana").rglob("*.yml"), PROMETHEUS):
        assert keys.findall(file.read_text()) == [], file


def test_what_is_inhibited_is_an_alert_that_there_is() -> None:
    names = {alert["alert"] for alert in alerts()}
    for rule in parsed(ALERTMANAGER)["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            pattern = re.fullmatch(r'alertname =~? "(.*)"', matcher)
            assert pattern
            alternatives = re.fullmatch(r"Hexaccount\((.*)\)", pattern[1])
            wanted = [f"Hexaccount{each}" for each in alternatives[1].split("|")] if alternatives else [pattern[1]]
            assert all(any(re.fullmatch(each, name) for name in names) for each in wanted), matcher


@pytest.mark.parametrize("name", DEFINED)
def test_the_file_of_a_dashboard_is_what_its_definition_says(name: str) -> None:
    (file,) = [file for file in DASHBOARDS if file.stem == name]
    assert file.read_text() == written(name, *DEFINED[name]), "run python -m tests.monitoring.written_dashboards"


def test_grafana_finds_the_dashboards_and_their_source() -> None:
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
