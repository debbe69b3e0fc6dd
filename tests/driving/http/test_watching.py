"""What those see who watch requests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from hexaccount_flask.exchange import Exchange
from tests.driving.http.conftest import Visitor

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Watching:
    """Keeps what it saw before and after each request."""

    def __init__(self) -> None:
        self.begun: list[Exchange] = []
        self.ended: list[Exchange] = []

    @contextmanager
    def __call__(self, exchange: Exchange) -> Iterator[None]:
        self.begun.append(replace(exchange))
        yield
        self.ended.append(replace(exchange))


@pytest.fixture
def watching() -> Watching:
    return Watching()


@pytest.fixture
def watched(visit: Callable[..., Visitor], watching: Watching) -> Visitor:
    return visit(watchers=[watching])


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
def test_who_watches_sees_the_template_of_the_route_and_the_outcome(
    watched: Visitor, watching: Watching, method: str, path: str, seen: dict[str, Any]
) -> None:
    answer = getattr(watched, method)(path, headers={"X-Request-ID": "one", "traceparent": TRACE})

    assert answer.status_code == seen["status"]
    assert watching.begun == [Exchange(method.upper(), "one", TRACE)]
    assert watching.ended == [Exchange(method.upper(), "one", TRACE, **seen)]


@pytest.mark.parametrize("made_up", ["BREW", "X" * 5000, "get"])
def test_a_method_that_a_client_makes_up_is_not_repeated(watched: Visitor, watching: Watching, made_up: str) -> None:
    watched.open("/health", method="GET", environ_overrides={"REQUEST_METHOD": made_up})

    assert [seen.method for seen in watching.begun] == ["_OTHER"]


def test_preflights_are_watched_too(visit: Callable[..., Visitor], watching: Watching) -> None:
    watched = visit(watchers=[watching], cors_origins=["*"])

    watched.options("/api/v1/me", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "GET"})

    assert [(seen.method, seen.status) for seen in watching.ended] == [("OPTIONS", 204)]


def test_events_carry_the_trace_that_a_watcher_puts_in_the_place_of_the_clients(visit: Callable[..., Visitor]) -> None:
    @contextmanager
    def retrace(exchange: Exchange) -> Iterator[None]:
        exchange.traceparent = TRACE
        yield

    visitor = visit(watchers=[retrace])
    visitor.register()

    with visitor.service.store.unit_of_work() as uow:
        (user,) = uow.users.page(limit=1, after=None)
        traces: list[Any] = [entry.traceparent for entry in uow.journal.of("user", user.id)]
    assert traces == [TRACE]
