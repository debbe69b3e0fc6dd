from collections.abc import Callable
from typing import Any

import pytest

from hexaccount.kernel.cors import CorsPolicy

OURS = "https://app.example.org"
ANY_ORIGIN = ["/health", "/api/v1/me", "/nothing", "/api/v1/public/avatar/ann"]


@pytest.fixture
def ours(make_client: Callable[..., Any]) -> Any:
    return make_client(cors=CorsPolicy([OURS, "http://localhost:3000/"], ["X-Client-Version"]))


@pytest.mark.parametrize("path", ANY_ORIGIN)
def test_a_page_of_a_configured_origin_may_read_every_answer(ours: Any, path: str) -> None:
    headers = ours.get(path, headers={"Origin": OURS}).headers

    assert headers.getlist("Access-Control-Allow-Origin") == [OURS]
    assert (
        headers["Access-Control-Expose-Headers"]
        == "Authorization, X-Request-ID, Retry-After, RateLimit, RateLimit-Policy, ETag, Location"
    )
    assert headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize(
    "origin",
    [None, "", "null", "https://evil.example", "http://app.example.org", f"{OURS}.evil.example", f"{OURS}:8443"],
)
def test_a_page_of_another_origin_may_not_read_a_response(ours: Any, origin: str | None) -> None:
    headers = ours.get("/health", headers={} if origin is None else {"Origin": origin}).headers

    assert not [name for name in headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118 - iterating gives pairs
    assert headers["Vary"] == "Origin"


def test_a_trailing_slash_in_the_setting_does_no_harm(ours: Any) -> None:
    origin = "http://localhost:3000"

    assert ours.get("/health", headers={"Origin": origin}).headers["Access-Control-Allow-Origin"] == origin


def test_every_page_may_read_where_all_origins_are_allowed(make_client: Callable[..., Any]) -> None:
    headers = make_client(cors=CorsPolicy(["*"])).get("/health", headers={"Origin": "null"}).headers

    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Vary" not in headers


def test_no_page_may_read_where_no_origin_is_configured(client: Any) -> None:
    headers = client.get("/health", headers={"Origin": OURS}).headers

    assert not [name for name in headers.keys() if name.startswith(("Access-Control", "Vary"))]  # noqa: SIM118 - iterating gives pairs


@pytest.mark.parametrize("path", ["/api/v1/me/profile", "/api/v1/public/register"])
def test_a_preflight_of_a_configured_origin_gets_the_methods_and_headers_it_may_send(ours: Any, path: str) -> None:
    answer = ours.options(path, headers={"Origin": OURS, "Access-Control-Request-Method": "PATCH"})

    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"]
    assert allowed == (
        "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Request-ID, "
        "traceparent, tracestate, baggage, X-Client-Version"
    )
    assert answer.headers["Vary"] == "Origin"
    assert answer.headers["X-Request-ID"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_preflight_of_another_origin_gets_no_permission(ours: Any) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    answer = ours.options("/api/v1/me", headers=headers)

    assert answer.status_code == 405
    assert not [name for name in answer.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118 - iterating gives pairs
