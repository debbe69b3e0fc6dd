"""Plants each kind of undocumented answer and sees it noted."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Response

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from tests.documented.application import document
from tests.documented.check import Answer, DocumentCheck
from tests.documented.plugin import planted_errors, take_faults
from tests.driving.http.conftest import Visitor

CHECK = DocumentCheck(document())
HEALTH = Answer(
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
NOTHING = Answer("GET", "/nothing", 404, [JSON_PROBLEM], json.dumps(PROBLEM).encode())
REFUSED = Answer(
    "PUT",
    "/health",
    405,
    [JSON_PROBLEM, ("Allow", "GET, HEAD")],
    json.dumps(PROBLEM | {"status": 405, "code": "method_not_allowed"}).encode(),
)
NO_TOKEN = Answer(
    "GET",
    "/api/v1/me",
    401,
    [JSON_PROBLEM, ("WWW-Authenticate", 'Bearer realm="hexaccount"')],
    json.dumps(PROBLEM | {"status": 401, "code": "not_authenticated"}).encode(),
)
GONE = Answer("DELETE", "/api/v1/me/sessions", 204, [], b"")
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
        Answer("OPTIONS", "/api/v1/me", 204, ALLOWED, b""),
    ],
    ids=str,
)
def test_what_is_documented_passes(answer: Answer) -> None:
    assert CHECK.faults(answer) == []


def saying(answer: Answer, **changes: Any) -> Answer:
    return replace(answer, body=json.dumps({**json.loads(answer.body), **changes}).encode())


def without(answer: Answer, name: str) -> Answer:
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
        (saying(HEALTH, data={"status": "up", "uptime": 7}), "'uptime' was unexpected"),
        (saying(HEALTH, data={}), "'status' is a required property"),
        (saying(HEALTH, data={"status": 1}), "1 is not of type 'string'"),
        (saying(HEALTH, more=1), "'more' was unexpected"),
        (without(NO_TOKEN, "WWW-Authenticate"), "the header WWW-Authenticate is missing"),
        (saying(NO_TOKEN, code="not_found"), "'not_found' is not one of"),
        (saying(NO_TOKEN, status=404), "401 was expected"),
        (saying(NOTHING, code="gone"), "'not_found' was expected"),
        (replace(REFUSED, headers=[JSON_PROBLEM, ("Allow", "GET, HEAD, PUT")]), "Allow is GET, HEAD, PUT"),
        (replace(GONE, body=b"done"), "none is documented"),
        (replace(GONE, headers=[("Content-Type", "text/html")]), "none is documented"),
        (replace(GONE, method="OPTIONS", headers=ALLOWED, body=b"x"), "the route is not documented"),
    ],
)
def test_what_is_not_documented_is_told(answer: Answer, fault: str) -> None:
    faults = CHECK.faults(answer)

    assert any(fault in told for told in faults), faults
    assert all(told.startswith(f"{answer.status} to {answer.method} {answer.path}: ") for told in faults)


def test_formats_are_checked() -> None:
    user = {
        "id": "01a2042f-6ad2-7003-9b5b-25c9d4a7a06c",
        "user_name": "ada",
        "email": "ada@example.org",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "avatar_identifier": "ada",
        "roles": ["user"],
        "disabled": False,
        "registered_at": "2026-11-22T16:55:46.514Z",
    }
    headers = [("Content-Type", "application/json"), ("ETag", '"1"')]
    me = Answer("GET", "/api/v1/me", 200, headers, json.dumps({"data": user}).encode())
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
        assert CHECK.faults(saying(me, data=user | {name: wrong})), name


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    settings = Settings(store="memory://", jwt=JwtSettings(key="k" * 64), password=PasswordSettings(cost=4))
    with open_service(settings) as service:
        yield Visitor(service)


@pytest.fixture
def noted() -> Iterator[Callable[[], list[str]]]:
    """Give a function that returns what was planted, which is thereby forgiven."""
    assert take_faults() == []
    yield take_faults
    assert take_faults() == []


def test_an_answer_to_any_test_is_checked(visitor: Visitor, noted: Callable[[], list[str]]) -> None:
    visitor.get("/health")
    assert noted() == []
    visitor.app.view_functions["operation.health"] = lambda: Response("up", content_type="text/plain")
    visitor.get("/health")
    assert noted() == [
        "200 to GET /health: it has the media type text/plain, which is not among application/json",
    ]


def test_what_a_test_plants_is_forgiven_where_it_says_so_and_only_there(
    visitor: Visitor, noted: Callable[[], list[str]]
) -> None:
    visitor.app.view_functions["operation.health"] = lambda: Response(status=418)
    with planted_errors():
        visitor.get("/health")
    assert noted() == []
    visitor.get("/health")
    assert noted() == ["418 to GET /health: the status is not documented"]
