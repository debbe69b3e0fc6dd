"""The metrics of one process in the text format; tests/service has those of several."""

import logging
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from hexaccount.kernel.metrics import MetricDefinition, MetricKind
from hexaccount_prometheus import PrometheusMetrics, serve_metrics
from tests.hexagon.observability.written_metrics import every_metric

GUESTS = MetricDefinition("guests", MetricKind.COUNT, "Arrivals.", labels=("door",))
STAY = MetricDefinition(
    "stay_seconds", MetricKind.DISTRIBUTION, "Length of stay.", labels=("door",), buckets=(1.0, 10.0)
)
SEATS = MetricDefinition("seats", MetricKind.SUM, "Seats taken.")
HEAT = MetricDefinition("heat", MetricKind.MIN, "Temperature.")


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch) -> PrometheusMetrics:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    return PrometheusMetrics()


def samples(text: str) -> dict[Any, float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def exported(metrics: PrometheusMetrics) -> dict[Any, float]:
    return samples(metrics.exposition().decode())


def test_counts_rise(metrics: PrometheusMetrics) -> None:
    metrics.add(GUESTS, 1, "front")
    metrics.add(GUESTS, 2, "front")
    assert exported(metrics) == {("guests_total", "front"): 3}


def test_declared_series_are_exported_at_zero(metrics: PrometheusMetrics) -> None:
    metrics.add(GUESTS, 3, "front")
    for door in ("front", "back"):
        metrics.declare(GUESTS, door)
    metrics.declare(STAY, "front")
    assert exported(metrics) == {
        ("guests_total", "front"): 3,
        ("guests_total", "back"): 0,
        ("stay_seconds_bucket", "front", "1.0"): 0,
        ("stay_seconds_bucket", "front", "10.0"): 0,
        ("stay_seconds_bucket", "front", "+Inf"): 0,
        ("stay_seconds_sum", "front"): 0,
        ("stay_seconds_count", "front"): 0,
    }


def test_a_distribution_has_buckets_sum_and_count(metrics: PrometheusMetrics) -> None:
    for seconds in (0.5, 2.5, 40.0):
        metrics.observe(STAY, seconds, "front")
    assert exported(metrics) == {
        ("stay_seconds_bucket", "front", "1.0"): 1,
        ("stay_seconds_bucket", "front", "10.0"): 2,
        ("stay_seconds_bucket", "front", "+Inf"): 3,
        ("stay_seconds_sum", "front"): 43,
        ("stay_seconds_count", "front"): 3,
    }


def test_callbacks_run_each_time_and_counts_add_the_difference(
    metrics: PrometheusMetrics,
) -> None:
    present, total = [5.0], [100.0]
    metrics.observe_callback(SEATS, lambda: present[0])
    metrics.observe_callback(GUESTS, lambda: total[0], "front")
    metrics.run_callbacks()
    present[0], total[0] = 2.0, 130.0
    metrics.add(GUESTS, 7, "front")
    metrics.run_callbacks()
    metrics.run_callbacks()
    assert exported(metrics) == {("seats",): 2, ("guests_total", "front"): 137}


def test_a_callback_that_raises_is_logged_once_and_stops_no_other(
    metrics: PrometheusMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    metrics.observe_callback(HEAT, lambda: 1 / 0)
    metrics.observe_callback(SEATS, lambda: 4)
    with caplog.at_level(logging.ERROR, "hexaccount.metrics"):
        metrics.run_callbacks()
        metrics.run_callbacks()
    assert exported(metrics) == {("seats",): 4}
    assert [record.getMessage() for record in caplog.records] == [
        "heat is not exported any more, as its callback failed"
    ]


def test_a_file_that_another_process_has_just_created_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    (tmp_path / "counter_99.db").touch()
    assert exported(PrometheusMetrics()) == {}


def test_the_server_exports_the_same_metrics_while_it_runs(metrics: PrometheusMetrics) -> None:
    metrics.add(GUESTS, 3, "front")
    with serve_metrics(metrics, "127.0.0.1", 0) as port:
        url = f"http://127.0.0.1:{port}/metrics"
        assert samples(requests.get(url, timeout=20).text) == exported(metrics)
        with pytest.raises(OSError, match="in use"), serve_metrics(metrics, "127.0.0.1", port):
            pass
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=20)


def test_the_server_has_one_path_and_allows_get_and_head(metrics: PrometheusMetrics) -> None:
    metrics.add(GUESTS, 3, "front")
    with serve_metrics(metrics, "127.0.0.1", 0) as port:
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


def test_silent_connections_of_one_address_keep_no_other_from_the_metrics(metrics: PrometheusMetrics) -> None:
    before = threading.active_count()
    with serve_metrics(metrics, "127.0.0.1", 0) as port, ExitStack() as stack:
        silent = [stack.enter_context(connect(port, "127.0.0.2")) for _ in range(200)]
        assert requests.get(f"http://127.0.0.1:{port}/metrics", timeout=20).ok
        assert threading.active_count() <= before + 20
        for connection in silent:
            assert connection.recv(1) == b"", "closed, at once or after the seconds that a request has"


def connect(port: int, source: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))


def test_every_metric_is_exported_under_a_unique_name() -> None:
    measures = every_metric()
    metrics = PrometheusMetrics()
    for measure in measures:
        record = {MetricKind.COUNT: metrics.add, MetricKind.DISTRIBUTION: metrics.observe}.get(
            measure.kind, metrics.set
        )
        record(measure, 1, *("x" for _ in measure.labels))
    families = {family.name: family for family in text_string_to_metric_families(metrics.exposition().decode())}
    assert families.keys() == {measure.name for measure in measures}
    assert len(families) == len(measures) >= 30
    for measure in measures:
        assert measure.name.startswith("hexaccount_")
        assert families[measure.name].documentation == measure.help
        if measure.kind is MetricKind.DISTRIBUTION:
            assert measure.name.endswith("_seconds")
            assert list(measure.buckets) == sorted(set(measure.buckets))
