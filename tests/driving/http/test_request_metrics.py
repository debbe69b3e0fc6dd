"""The metrics of requests."""

from collections.abc import Callable

import pytest

from hexaccount.observability.metrics import HTTP_REQUESTS
from hexaccount.testing.api_client import ApiClient
from hexaccount_flask import RequestMetrics
from hexaccount_memory import MemoryMetrics


@pytest.fixture
def metrics() -> MemoryMetrics:
    return MemoryMetrics()


@pytest.fixture
def observed_client(make_client: Callable[..., ApiClient], metrics: MemoryMetrics) -> ApiClient:
    return make_client(observers=[RequestMetrics(metrics)])


def test_requests_are_counted_by_route_template_method_and_status(
    observed_client: ApiClient, metrics: MemoryMetrics
) -> None:
    observed_client.get("/api/v1/public/avatar/ann")
    observed_client.get("/api/v1/public/avatar/ben")
    observed_client.get("/api/v1/me")
    observed_client.post("/health")
    observed_client.get("/nothing/at/all")
    assert metrics.labels_of(HTTP_REQUESTS) == {
        ("/api/v1/public/avatar/<identifier>", "GET", "200"),
        ("/api/v1/me", "GET", "401"),
        ("unmatched", "POST", "405"),
        ("unmatched", "GET", "404"),
    }
    seconds = metrics.observed(HTTP_REQUESTS, "/api/v1/public/avatar/<identifier>", "GET", "200")
    assert len(seconds) == 2
    assert all(0 < each < 20 for each in seconds)


def test_unknown_methods_and_paths_are_counted_as_one(observed_client: ApiClient, metrics: MemoryMetrics) -> None:
    for number in range(50):
        observed_client.flask_client.open(f"/nothing/{number}", method=f"METHOD{number}")
        observed_client.flask_client.open(f"/nothing/{number}", method="GET")
    assert metrics.labels_of(HTTP_REQUESTS) == {("unmatched", "_OTHER", "404"), ("unmatched", "GET", "404")}


def test_without_metrics_the_route_is_not_found(make_client: Callable[..., ApiClient]) -> None:
    assert make_client(metrics=None).get("/metrics").status_code == 404
