"""Every kind of undocumented response is reported."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Response

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.testing.api_client import ApiClient
from tests.documented.application import document
from tests.documented.check import DocumentCheck, Exchange
from tests.documented.plugin import planted_errors, take_faults
from tests.signing_key import SIGNING_KEY

CHECK = DocumentCheck(document(pages=True))
HEALTH = Exchange(
    "GET",
    "/health",
    200,
    [("Content-Type", "application/json"), ("X-Request-ID", "one"), ("Content-Length", "24"), ("Date", "today")],
    b'{"data":{"status":"up"}}',
)
PROBLEM = {
    "type": "urn:hexaccount:problem:not_found",
    "title": "Not found",
    "status": 404,
    "detail": "there is nothing at this path",
    "code": "not_found",
    "request_id": "one",
}
JSON_PROBLEM = ("Content-Type", "application/problem+json")
NOTHING = Exchange("GET", "/nothing", 404, [JSON_PROBLEM], json.dumps(PROBLEM).encode())
REFUSED = Exchange(
    "PUT",
    "/health",
    405,
    [JSON_PROBLEM, ("Allow", "GET, HEAD")],
    json.dumps(PROBLEM | {"status": 405, "code": "method_not_allowed"}).encode(),
)
NO_TOKEN = Exchange(
    "GET",
    "/api/v1/me",
    401,
    [JSON_PROBLEM, ("WWW-Authenticate", 'Bearer realm="hexaccount"')],
    json.dumps(PROBLEM | {"status": 401, "code": "not_authenticated"}).encode(),
)
GONE = Exchange("DELETE", "/api/v1/me/sessions", 204, [], b"")
ALLOWED = [("Access-Control-Allow-Methods", "GET")]


@pytest.mark.parametrize(
    "answer",
    [
        HEALTH,
        NOTHING,
        REFUSED,
        NO_TOKEN,
        GONE,
        replace(HEALTH, method="HEAD", body=b""),
        Exchange("OPTIONS", "/api/v1/me", 204, ALLOWED, b""),
    ],
    ids=str,
)
def test_a_documented_response_passes(answer: Exchange) -> None:
    assert CHECK.faults(answer) == []


def with_body(answer: Exchange, **changes: Any) -> Exchange:
    return replace(answer, body=json.dumps({**json.loads(answer.body), **changes}).encode())


def without(answer: Exchange, name: str) -> Exchange:
    return replace(answer, headers=[header for header in answer.headers if header[0] != name])


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (replace(HEALTH, path="/news"), "the route is not documented"),
        (replace(HEALTH, path="/health/"), "the route is not documented"),
        (replace(HEALTH, method="POST"), "the route is not documented"),
        (replace(HEALTH, method="OPTIONS", status=204), "the route is not documented"),
        (replace(HEALTH, status=201), "the status is not documented"),
        (replace(HEALTH, status=500, body=NOTHING.body), "which is not among application/problem+json"),
        (replace(HEALTH, headers=[("Content-Type", "text/html")]), "the media type text/html, which is not among"),
        (without(HEALTH, "Content-Type"), "the media type None"),
        (replace(HEALTH, headers=[*HEALTH.headers, ("X-Powered-By", "us")]), "the header X-Powered-By is not"),
        (replace(HEALTH, headers=[*HEALTH.headers, ("Set-Cookie", "a=b")]), "the header Set-Cookie is not"),
        (replace(HEALTH, headers=[*HEALTH.headers, ("RateLimit", "3")]), "the header RateLimit: $: '3' does not match"),
        (replace(HEALTH, method="HEAD"), "it has a body"),
        (replace(HEALTH, body=b"{"), "the body is not JSON"),
        (with_body(HEALTH, data={"status": "up", "uptime": 7}), "'uptime' was unexpected"),
        (with_body(HEALTH, data={}), "'status' is a required property"),
        (with_body(HEALTH, data={"status": 1}), "1 is not of type 'string'"),
        (with_body(HEALTH, more=1), "'more' was unexpected"),
        (without(NO_TOKEN, "WWW-Authenticate"), "the header WWW-Authenticate is missing"),
        (with_body(NO_TOKEN, code="not_found"), "the code not_found is not documented"),
        (with_body(NO_TOKEN, status=404), "the body has the status 404"),
        (with_body(NOTHING, code="gone"), "'not_found' was expected"),
        (replace(REFUSED, headers=[JSON_PROBLEM, ("Allow", "GET, HEAD, PUT")]), "Allow is GET, HEAD, PUT"),
        (replace(GONE, body=b"done"), "none is documented"),
        (replace(GONE, headers=[("Content-Type", "text/html")]), "none is documented"),
        (replace(GONE, method="OPTIONS", headers=ALLOWED, body=b"x"), "the route is not documented"),
    ],
)
def test_an_undocumented_response_is_reported(answer: Exchange, fault: str) -> None:
    faults = CHECK.faults(answer)

    assert any(fault in found for found in faults), faults
    assert all(found.startswith(f"{answer.status} to {answer.method} {answer.path}: ") for found in faults)


def test_formats_are_checked() -> None:
    user = {
        "id": "01a2042f-6ad2-7003-9b5b-25c9d4a7a06c",
        "user_name": "ada",
        "email": "ada@example.org",
        "email_verified": False,
        "first_name": "Ada",
        "last_name": "Lovelace",
        "avatar_identifier": "ada",
        "roles": ["user"],
        "disabled": False,
        "registered_at": "2026-11-22T16:55:46.514Z",
        "permissions": [],
    }
    headers = [("Content-Type", "application/json"), ("ETag", '"1"')]
    me = Exchange("GET", "/api/v1/me", 200, headers, json.dumps({"data": user}).encode())
    assert CHECK.faults(me) == []
    for name, wrong in {
        "id": "1",
        "user_name": "a b",
        "email": "ada",
        "first_name": "\n",
        "avatar_identifier": "!",
        "roles": ["User"],
        "disabled": None,
        "registered_at": "yesterday",
    }.items():
        assert CHECK.faults(with_body(me, data=user | {name: wrong})), name


@pytest.fixture
def client() -> Iterator[ApiClient]:
    settings = Settings(store="memory://", jwt=JwtSettings(key=SIGNING_KEY), password=PasswordSettings(cost=4))
    with open_service(settings) as service:
        yield ApiClient(service)


@pytest.fixture
def reported() -> Iterator[Callable[[], list[str]]]:
    """Return a function that returns the faults that were reported, and removes them."""
    assert take_faults() == []
    yield take_faults
    assert take_faults() == []


def test_the_response_to_any_test_is_checked(client: ApiClient, reported: Callable[[], list[str]]) -> None:
    client.get("/health")
    assert reported() == []
    client.app.view_functions["health"] = lambda: Response("up", content_type="text/plain")
    client.get("/health")
    assert reported() == [
        "200 to GET /health: it has the media type text/plain, which is not among application/json",
    ]


def test_planted_errors_are_ignored_inside_their_context_only(
    client: ApiClient, reported: Callable[[], list[str]]
) -> None:
    client.app.view_functions["health"] = lambda: Response(status=418)
    with planted_errors():
        client.get("/health")
    assert reported() == []
    client.get("/health")
    assert reported() == ["418 to GET /health: the status is not documented"]
