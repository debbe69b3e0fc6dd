"""Observers of requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from hexaccount.accounts.users import Users
from hexaccount.kernel.cors import CorsPolicy
from hexaccount.testing.api_client import ApiClient
from hexaccount_flask.web.middleware import RequestContext

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NETWORK = "127.0.0.0/24"


class RecordingObserver:
    """Records the context before and after each request."""

    def __init__(self) -> None:
        self.begun: list[RequestContext] = []
        self.ended: list[RequestContext] = []

    @contextmanager
    def __call__(self, exchange: RequestContext) -> Iterator[None]:
        self.begun.append(replace(exchange))
        yield
        self.ended.append(replace(exchange))


@pytest.fixture
def observer() -> RecordingObserver:
    return RecordingObserver()


@pytest.fixture
def observed_client(make_client: Callable[..., ApiClient], observer: RecordingObserver) -> ApiClient:
    return make_client(observers=[observer])


@pytest.mark.parametrize(
    ("method", "path", "seen"),
    [
        ("get", "/health", {"route": "/health", "status": 200}),
        ("get", "/api/v1/public/avatar/ann", {"route": "/api/v1/public/avatar/<identifier>", "status": 200}),
        ("get", "/api/v1/me", {"route": "/api/v1/me", "status": 401, "code": "not_authenticated"}),
        ("get", "/api/v1/users/1", {"route": "/api/v1/users/<user_id>", "status": 401, "code": "not_authenticated"}),
        ("get", "/nothing/ann", {"status": 404, "code": "not_found"}),
        ("post", "/health", {"status": 405, "code": "method_not_allowed"}),
    ],
)
def test_an_observer_sees_the_template_of_the_route_and_the_outcome(
    observed_client: ApiClient, observer: RecordingObserver, method: str, path: str, seen: dict[str, Any]
) -> None:
    answer = getattr(observed_client, method)(path, headers={"X-Request-ID": "one", "traceparent": TRACE})

    assert answer.status_code == seen["status"]
    assert observer.begun == [RequestContext(method.upper(), "one", TRACE, NETWORK)]
    assert observer.ended == [RequestContext(method.upper(), "one", TRACE, NETWORK, **seen)]


@pytest.mark.parametrize("made_up", ["BREW", "X" * 5000, "get"])
def test_an_unknown_method_is_recorded_as_other(
    observed_client: ApiClient, observer: RecordingObserver, made_up: str
) -> None:
    observed_client.open("/health", method="GET", environ_overrides={"REQUEST_METHOD": made_up})

    assert [seen.method for seen in observer.begun] == ["_OTHER"]


def test_preflights_are_observed_too(make_client: Callable[..., ApiClient], observer: RecordingObserver) -> None:
    observed_client = make_client(observers=[observer], cors=CorsPolicy(["*"]))

    observed_client.options(
        "/api/v1/me", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    )

    assert [(seen.method, seen.status) for seen in observer.ended] == [("OPTIONS", 204)]


def test_events_carry_the_trace_that_an_observer_sets(
    make_client: Callable[..., ApiClient],
) -> None:
    @contextmanager
    def retrace(exchange: RequestContext) -> Iterator[None]:
        exchange.traceparent = TRACE
        yield

    client = make_client(observers=[retrace])
    client.register()

    with client.service.store.unit_of_work() as uow:
        (user,) = Users(uow).page(limit=1, after=None)
        traces: list[Any] = [entry.traceparent for entry in uow.journal.of("user", user.id)]
    assert traces == [TRACE]
