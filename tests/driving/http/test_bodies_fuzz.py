import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FIELDS = ["user_name", "first_name", "last_name", "email", "password", "avatar_identifier", "bio", "phone", "address"]
ROUTES = [
    ("post", "/api/v1/public/register"),
    ("post", "/api/v1/public/login"),
    ("patch", "/api/v1/me/profile"),
]

texts = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
objects = st.dictionaries(st.sampled_from(FIELDS) | texts, texts | values, max_size=8)
complete = st.fixed_dictionaries(dict.fromkeys(FIELDS[:5], texts))
fragments = st.sampled_from(
    [
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b":",
        b",",
        b"\\u",
        b"\\",
        b"null",
        b"1e9",
        b"-",
        b'"user_name"',
        b"\xff",
        b"\0",
        b" ",
    ]
)

thorough = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@thorough
@given(route=st.sampled_from(ROUTES), body=st.binary(max_size=200) | st.lists(fragments).map(b"".join))
def test_no_bytes_make_the_service_fail(shared_client: Any, route: tuple[str, str], body: bytes) -> None:
    _check(shared_client, route, body)


@thorough
@given(route=st.sampled_from(ROUTES), document=objects | complete | values)
def test_no_json_makes_the_service_fail(shared_client: Any, route: tuple[str, str], document: Any) -> None:
    _check(shared_client, route, json.dumps(document).encode())


@thorough
@given(path=st.text(max_size=60), query=st.text(max_size=60))
def test_no_url_makes_the_service_fail(shared_client: Any, path: str, query: str) -> None:
    for beginning in ("/", "/api/v1/users/", "/api/v1/users?limit=", "/api/v1/public/avatar/"):
        environ = {"PATH_INFO": _tunnel(beginning + path), "QUERY_STRING": _tunnel(query)}
        _check_answer(shared_client.get("/", environ_overrides=environ))


@thorough
@given(
    name=st.sampled_from(
        [
            "AUTHORIZATION",
            "X_REQUEST_ID",
            "TRACEPARENT",
            "ORIGIN",
            "HOST",
            "IF_NONE_MATCH",
            "X_FORWARDED_FOR",
            "USER_AGENT",
        ]
    ),
    value=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=80),
)
@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/public/login", "/api/v1/public/avatar/ann"])
def test_no_header_makes_the_service_fail(shared_client: Any, path: str, name: str, value: str) -> None:
    for text in (value, f"Bearer {value}"):
        _check_answer(shared_client.get(path, environ_overrides={f"HTTP_{name}": text}))


def _check(client: Any, route: tuple[str, str], body: bytes) -> None:
    method, path = route
    _check_answer(getattr(client, method)(path, data=body, content_type="application/json"))


def _check_answer(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json"
        assert answer.json["status"] == answer.status_code
        if answer.json["code"] == "invalid_input":
            assert answer.json["errors"]


def _tunnel(text: str) -> str:
    return text.encode(errors="replace").decode("latin-1")
