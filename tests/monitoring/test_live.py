"""A real Prometheus scrapes the running service, and a real Alertmanager notifies the receivers."""

import math
from collections.abc import Iterator

import pytest

from tests.monitoring.files import DASHBOARDS, expressions, names_in, records, rules
from tests.monitoring.live import Live, eventually, monitored_service

pytestmark = pytest.mark.long

# Latency on a busy machine proves nothing.
LATENCY_ALERTS = {"HexaccountSloBurnsFast", "HexaccountSloBurnsSlowly"}
ALWAYS = {"HexaccountWatchdog"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with monitored_service(tmp_path_factory.mktemp("monitored")) as live:
        yield live


def test_the_metrics_of_two_workers_are_one_series(live: Live) -> None:
    for _ in range(5):
        live.use()
    requests = 'hexaccount_http_request_duration_seconds_count{route="/api/v1/me", status="200"}'
    eventually(lambda: live.value(requests) == live.account_reads, lambda: (live.value(requests), live.account_reads))
    assert live.value('hexaccount_processes{job="hexaccount"}') == 2
    registered = 'hexaccount_events_total{type="hexaccount.user.registered.v1", job="hexaccount"}'
    assert live.value(registered) == live.registered
    assert live.value('hexaccount_logins_total{outcome="wrong_credentials", job="hexaccount"}') == 5
    delivered = 'sum(hexaccount_relay_deliveries_total{outcome="delivered", job="hexaccount-relay"})'
    eventually(lambda: live.value(delivered), lambda: live.value(delivered))


def test_every_expression_of_a_dashboard_and_every_recording_rule_gives_data(live: Live) -> None:
    wanted = {expression for file in DASHBOARDS for expression in expressions(file)}
    wanted |= {record["record"] for record in records()}

    def without_data() -> list[str]:
        live.use()
        return sorted(each for each in wanted if not live.prometheus.query(each))

    eventually(lambda: not without_data(), without_data)


def test_quantiles_are_numbers(live: Live) -> None:
    quantiles = [
        expression
        for file in DASHBOARDS
        for expression in expressions(file)
        if expression.startswith("histogram_quantile")
    ]

    def is_finite(expression: str) -> bool:
        return any(math.isfinite(float(series["value"][1])) for series in live.prometheus.query(expression))

    def not_finite() -> list[str]:
        live.use()
        return [expression for expression in quantiles if not is_finite(expression)]

    eventually(lambda: not not_finite(), not_finite)


def test_every_name_in_an_alert_is_a_series(live: Live) -> None:
    names = {name for rule in rules() for name in names_in(rule["expr"])}
    assert len(names) > 20

    def missing() -> list[str]:
        return [name for name in sorted(names) if not live.prometheus.query(name)]

    eventually(lambda: not missing(), missing)


def test_while_nothing_fails_only_the_watchdog_is_raised(live: Live) -> None:
    eventually(lambda: live.firing() - LATENCY_ALERTS == ALWAYS, live.firing)


def test_the_heartbeat_receiver_is_notified_again_and_again(live: Live) -> None:
    before = live.deliveries("/heartbeat")
    eventually(lambda: live.deliveries("/heartbeat") > before + 1)
    assert live.delivered("/heartbeat") == ALWAYS


def test_a_lost_cache_is_a_ticket(live: Live) -> None:
    live.redis.kill()

    def notified() -> bool:
        live.use()
        return "HexaccountCacheUnreachable" in live.delivered("/ticket")

    eventually(notified, live.firing)
    assert "HexaccountCacheUnreachable" not in live.delivered("/page")


def test_a_service_that_is_down_is_a_page_and_its_consequences_are_inhibited(live: Live) -> None:
    live.http.kill()
    eventually(lambda: "HexaccountDown" in live.delivered("/page"), live.firing)
    assert "HexaccountDown" not in live.delivered("/ticket")

    def inhibited() -> set[str]:
        alerts = live.alertmanager.get("/api/v2/alerts?active=true&inhibited=true")
        return {alert["labels"]["alertname"] for alert in alerts if alert["status"]["inhibitedBy"]}

    eventually(lambda: "HexaccountTargetDown" in inhibited(), live.firing)
