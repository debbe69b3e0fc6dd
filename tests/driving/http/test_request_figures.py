"""What is taken down of requests."""

from collections.abc import Callable

import pytest

from hexaccount.observability.metrics import HTTP_REQUESTS
from hexaccount_flask import RequestFigures
from hexaccount_memory import MemoryMetrics
from tests.driving.http.conftest import Visitor


@pytest.fixture
def metrics() -> MemoryMetrics:
    return MemoryMetrics()


@pytest.fixture
def counted(visit: Callable[..., Visitor], metrics: MemoryMetrics) -> Visitor:
    return visit(watchers=[RequestFigures(metrics)])


def test_requests_are_told_by_the_template_of_their_route_their_method_and_status(
    counted: Visitor, metrics: MemoryMetrics
) -> None:
    counted.get("/api/v1/public/avatar/ann")
    counted.get("/api/v1/public/avatar/ben")
    counted.get("/api/v1/me")
    counted.post("/health")
    counted.get("/nothing/at/all")
    assert metrics.labels_of(HTTP_REQUESTS) == {
        ("/api/v1/public/avatar/<identifier>", "GET", "200"),
        ("/api/v1/me", "GET", "401"),
        ("unmatched", "POST", "405"),
        ("unmatched", "GET", "404"),
    }
    seconds = metrics.observed(HTTP_REQUESTS, "/api/v1/public/avatar/<identifier>", "GET", "200")
    assert len(seconds) == 2
    assert all(0 < each < 20 for each in seconds)


def test_whatever_methods_and_paths_clients_make_up_are_told_as_one(counted: Visitor, metrics: MemoryMetrics) -> None:
    for number in range(50):
        counted.client.open(f"/nothing/{number}", method=f"METHOD{number}")
        counted.client.open(f"/nothing/{number}", method="GET")
    assert metrics.labels_of(HTTP_REQUESTS) == {("unmatched", "_OTHER", "404"), ("unmatched", "GET", "404")}


def test_without_figures_there_is_no_route_that_tells_them(visit: Callable[..., Visitor]) -> None:
    assert visit(metrics=None).get("/metrics").status_code == 404
