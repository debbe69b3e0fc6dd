from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException

from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.testing.api_client import ApiClient
from hexaccount_flask import IncompleteOperation, request_class_finder
from hexaccount_flask.web.application import HttpApplication


@pytest.mark.parametrize(
    ("method", "path", "request_class"),
    [
        ("POST", "/api/v1/public/register", "password"),
        ("POST", "/api/v1/public/login", "password"),
        ("POST", "/api/v1/public/logout", "default"),
        ("GET", "/api/v1/public/avatar/ann", "image"),
        ("HEAD", "/api/v1/public/avatar/ann", "image"),
        ("GET", "/health", "health"),
        ("HEAD", "/ready", "readiness"),
        ("GET", "/api/v1/me", "default"),
        ("PATCH", "/api/v1/me/profile", "default"),
        ("GET", "/api/v1/users/01890000-0000-7000-8000-000000000000", "default"),
        ("GET", "/api/v1/public/login", "default"),
        ("OPTIONS", "/api/v1/public/login", "default"),
        ("GET", "/nothing", "default"),
        ("GET", "", "default"),
        ("OPTIONS", "*", "default"),
    ],
)
def test_slow_requests_have_their_own_request_class(client: Any, method: str, path: str, request_class: str) -> None:
    assert request_class_finder(client.app)(method, path) == request_class


PIECES = [
    "/",
    "//",
    "api",
    "v1",
    "public",
    "login",
    "register",
    "avatar",
    "ann",
    "health",
    "me",
    "users",
    "é",
    "\0",
    " ",
]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "get", "POST", "Post", "post", "HEAD", "PATCH"]),
    path=st.lists(st.sampled_from(PIECES), max_size=10).map("".join)
    | st.tuples(
        st.sampled_from(["", "/", "//", "///"]),
        st.sampled_from(["api/v1/public/login", "api/v1/public/register", "api/v1/public/avatar/x", "ready"]),
        st.sampled_from(["", "/", "x"]),
    ).map("".join),
)
def test_no_spelling_of_a_path_reaches_a_slow_view_in_another_class(shared_client: Any, method: str, path: str) -> None:
    app = shared_client.app
    with app.test_request_context("/", method=method, environ_overrides={"PATH_INFO": path.encode().decode("latin-1")}):
        from flask import request

        if isinstance(request.routing_exception, HTTPException):
            return
        operation = app.operation_of(request.endpoint)

    assert request_class_finder(app)(method, path) == operation.request_class


def test_a_view_without_an_operation_is_found_at_once() -> None:
    app = HttpApplication({})
    app.add_url_rule("/new", endpoint="new", view_func=lambda: "new")

    with pytest.raises(IncompleteOperation, match="the view new "):
        request_class_finder(app)


def test_every_operation_that_computes_a_hash_has_the_class_of_passwords(client: ApiClient) -> None:
    operations = [client.app.operation_of(endpoint) for endpoint in client.app.view_functions]

    hashing = {operation.name for operation in operations if HashingOverloaded in operation.errors}
    assert hashing == {"register", "log_in", "change_password", "complete_recovery"}
    assert {operation.name for operation in operations if operation.request_class == "password"} == hashing
