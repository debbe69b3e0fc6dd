"""The figures of one process, as Prometheus reads them; those of several are asked for in tests/service."""

import logging
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from hexaccount.kernel.metrics import MetricDefinition, MetricKind
from hexaccount_prometheus import PrometheusMetrics, endpoint
from tests.application.written_measures import every_measure

GUESTS = MetricDefinition("guests", MetricKind.COUNT, "Who came.", labels=("door",))
STAY = MetricDefinition("stay_seconds", MetricKind.DISTRIBUTION, "How long.", labels=("door",), buckets=(1.0, 10.0))
SEATS = MetricDefinition("seats", MetricKind.SUM, "How many.")
HEAT = MetricDefinition("heat", MetricKind.LEAST, "How warm.")


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> PrometheusMetrics:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    return PrometheusMetrics()


def samples(told: str) -> dict[Any, float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    }


def told(metrics: PrometheusMetrics) -> dict[Any, float]:
    return samples(metrics.told().decode())


def test_counts_rise(metrics: PrometheusMetrics) -> None:
    metrics.add(GUESTS, 1, "front")
    metrics.add(GUESTS, 2, "front")
    assert told(metrics) == {("guests_total", "front"): 3}


def test_what_is_expected_is_told_before_there_is_any(metrics: PrometheusMetrics) -> None:
    metrics.add(GUESTS, 3, "front")
    for door in ("front", "back"):
        metrics.declare(GUESTS, door)
    metrics.declare(STAY, "front")
    assert told(metrics) == {
        ("guests_total", "front"): 3,
        ("guests_total", "back"): 0,
        ("stay_seconds_bucket", "front", "1.0"): 0,
        ("stay_seconds_bucket", "front", "10.0"): 0,
        ("stay_seconds_bucket", "front", "+Inf"): 0,
        ("stay_seconds_sum", "front"): 0,
        ("stay_seconds_count", "front"): 0,
    }


def test_a_distribution_is_told_by_its_buckets_sum_and_count(metrics: PrometheusMetrics) -> None:
    for seconds in (0.5, 2.5, 40.0):
        metrics.observe(STAY, seconds, "front")
    assert told(metrics) == {
        ("stay_seconds_bucket", "front", "1.0"): 1,
        ("stay_seconds_bucket", "front", "10.0"): 2,
        ("stay_seconds_bucket", "front", "+Inf"): 3,
        ("stay_seconds_sum", "front"): 43,
        ("stay_seconds_count", "front"): 3,
    }


def test_who_is_to_be_asked_is_asked_at_each_look_and_of_a_count_what_has_come_is_added(
    metrics: PrometheusMetrics,
) -> None:
    here, ever = [5.0], [100.0]
    metrics.observe_callback(SEATS, lambda: here[0])
    metrics.observe_callback(GUESTS, lambda: ever[0], "front")
    metrics.look()
    here[0], ever[0] = 2.0, 130.0
    metrics.add(GUESTS, 7, "front")
    metrics.look()
    metrics.look()
    assert told(metrics) == {("seats",): 2, ("guests_total", "front"): 137}


def test_who_fails_to_answer_is_told_of_once_and_holds_up_nobody(
    metrics: PrometheusMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    metrics.observe_callback(HEAT, lambda: 1 / 0)
    metrics.observe_callback(SEATS, lambda: 4)
    with caplog.at_level(logging.ERROR, "hexaccount.metrics"):
        metrics.look()
        metrics.look()
    assert told(metrics) == {("seats",): 4}
    assert [record.getMessage() for record in caplog.records] == ["heat is not told any more"]


def test_the_endpoint_tells_the_same_figures_while_it_is_open(metrics: PrometheusMetrics) -> None:
    metrics.add(GUESTS, 3, "front")
    with endpoint(metrics, "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}/metrics"
        assert samples(requests.get(url, timeout=20).text) == told(metrics)
        with pytest.raises(OSError, match="in use"), endpoint(metrics, "127.0.0.1", port):
            pass
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=20)


def test_the_endpoint_tells_them_at_its_path_and_to_who_reads(metrics: PrometheusMetrics) -> None:
    metrics.add(GUESTS, 3, "front")
    with endpoint(metrics, "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}"
        for path in ("/", "/ready", "/health", "/metrics/", "/x", "/favicon.ico"):
            answer = requests.get(url + path, timeout=20)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        head, get = requests.head(f"{url}/metrics", timeout=20), requests.get(f"{url}/metrics", timeout=20)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
        for method in ("POST", "DELETE", "OPTIONS"):
            answer = requests.request(method, f"{url}/metrics", timeout=20)
            assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
            assert answer.json()["code"] == "method_not_allowed"


def test_every_measure_can_be_told_under_a_name_of_its_own() -> None:
    measures = every_measure()
    metrics = PrometheusMetrics()
    for measure in measures:
        take = {MetricKind.COUNT: metrics.add, MetricKind.DISTRIBUTION: metrics.observe}.get(measure.kind, metrics.set)
        take(measure, 1, *("x" for _ in measure.labels))
    families = {family.name: family for family in text_string_to_metric_families(metrics.told().decode())}
    assert families.keys() == {measure.name for measure in measures}
    assert len(families) == len(measures) >= 30
    for measure in measures:
        assert measure.name.startswith("hexaccount_")
        assert families[measure.name].documentation == measure.help
        if measure.kind is MetricKind.DISTRIBUTION:
            assert measure.name.endswith("_seconds")
            assert list(measure.buckets) == sorted(set(measure.buckets))
