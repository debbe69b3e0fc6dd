"""A real Prometheus collects from what runs, and a real Alertmanager tells who is to hear of it."""

import math
from collections.abc import Iterator

import pytest

from tests.monitoring.files import DASHBOARDS, expressions, names_in, records, rules
from tests.monitoring.live import Live, eventually, watched_service

pytestmark = pytest.mark.long

# Whether answers come within 250 ms is for a machine to say that does nothing else.
PACE = {"HexaccountSloBurnsFast", "HexaccountSloBurnsSlowly"}
ALWAYS = {"HexaccountWatchdog"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with watched_service(tmp_path_factory.mktemp("watched")) as live:
        yield live


def test_what_two_workers_have_answered_is_told_as_one_figure(live: Live) -> None:
    for _ in range(5):
        live.use()
    mine = 'hexaccount_http_request_duration_seconds_count{route="/api/v1/me", status="200"}'
    eventually(lambda: live.figure(mine) == live.asked, lambda: (live.figure(mine), live.asked))
    assert live.figure('hexaccount_processes{job="hexaccount"}') == 2
    registered = 'hexaccount_events_total{type="hexaccount.user.registered.v1", job="hexaccount"}'
    assert live.figure(registered) == live.registered
    assert live.figure('hexaccount_logins_total{outcome="wrong_credentials", job="hexaccount"}') == 5
    delivered = 'sum(hexaccount_relay_deliveries_total{outcome="delivered", job="hexaccount-relay"})'
    eventually(lambda: live.figure(delivered), lambda: live.figure(delivered))


def test_every_expression_of_a_dashboard_and_every_recording_rule_gives_data(live: Live) -> None:
    wanted = {expression for file in DASHBOARDS for expression in expressions(file)}
    wanted |= {record["record"] for record in records()}

    def lacking() -> list[str]:
        live.use()
        return sorted(each for each in wanted if not live.prometheus.query(each))

    eventually(lambda: not lacking(), lacking)


def test_the_quantiles_of_what_was_done_are_numbers(live: Live) -> None:
    quantiles = [
        expression
        for file in DASHBOARDS
        for expression in expressions(file)
        if expression.startswith("histogram_quantile")
    ]

    def numbers(expression: str) -> bool:
        return any(math.isfinite(float(series["value"][1])) for series in live.prometheus.query(expression))

    def without() -> list[str]:
        live.use()
        return [expression for expression in quantiles if not numbers(expression)]

    eventually(lambda: not without(), without)


def test_every_name_in_an_alert_is_that_of_a_series(live: Live) -> None:
    names = {name for rule in rules() for name in names_in(rule["expr"])}
    assert len(names) > 20

    def missing() -> list[str]:
        return [name for name in sorted(names) if not live.prometheus.query(name)]

    eventually(lambda: not missing(), missing)


def test_no_alert_is_raised_while_all_is_well_but_the_one_that_always_is(live: Live) -> None:
    eventually(lambda: live.firing() - PACE == ALWAYS, live.firing)


def test_whoever_waits_for_the_heartbeat_is_told_again_and_again(live: Live) -> None:
    told = live.deliveries("/heartbeat")
    eventually(lambda: live.deliveries("/heartbeat") > told + 1)
    assert live.delivered("/heartbeat") == ALWAYS


def test_a_lost_cache_is_told_to_whoever_takes_tickets(live: Live) -> None:
    live.redis.kill()

    def told() -> bool:
        live.use()
        return "HexaccountCacheUnreachable" in live.delivered("/ticket")

    eventually(told, live.firing)
    assert "HexaccountCacheUnreachable" not in live.delivered("/page")


def test_a_service_that_is_gone_is_told_to_whoever_is_paged_and_what_comes_of_it_to_nobody(live: Live) -> None:
    live.http.kill()
    eventually(lambda: "HexaccountDown" in live.delivered("/page"), live.firing)
    assert "HexaccountDown" not in live.delivered("/ticket")

    def kept_back() -> set[str]:
        alerts = live.alertmanager.get("/api/v2/alerts?active=true&inhibited=true")
        return {alert["labels"]["alertname"] for alert in alerts if alert["status"]["inhibitedBy"]}

    eventually(lambda: "HexaccountTargetDown" in kept_back(), live.firing)
