from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException

from hexaccount_flask import UnmarkedView, lane_finder


@pytest.mark.parametrize(
    ("method", "path", "lane"),
    [
        ("POST", "/api/v1/public/register", "password"),
        ("POST", "/api/v1/public/login", "password"),
        ("POST", "/api/v1/public/logout", "quick"),
        ("GET", "/api/v1/public/avatar/ann", "drawing"),
        ("HEAD", "/api/v1/public/avatar/ann", "drawing"),
        ("GET", "/health", "vital"),
        ("HEAD", "/ready", "readiness"),
        ("GET", "/api/v1/me", "quick"),
        ("PATCH", "/api/v1/me/profile", "quick"),
        ("GET", "/api/v1/users/01890000-0000-7000-8000-000000000000", "quick"),
        ("GET", "/api/v1/public/login", "quick"),
        ("OPTIONS", "/api/v1/public/login", "quick"),
        ("GET", "/nothing", "quick"),
        ("GET", "", "quick"),
        ("OPTIONS", "*", "quick"),
    ],
)
def test_slow_requests_have_threads_of_their_own(visitor: Any, method: str, path: str, lane: str) -> None:
    assert lane_finder(visitor.app)(method, path) == lane


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
def test_no_spelling_of_a_path_reaches_a_slow_view_in_another_lane(long_visitor: Any, method: str, path: str) -> None:
    app = long_visitor.app
    with app.test_request_context("/", method=method, environ_overrides={"PATH_INFO": path.encode().decode("latin-1")}):
        from flask import request

        if isinstance(request.routing_exception, HTTPException):
            return
        view = app.view_functions[request.endpoint]

    assert lane_finder(app)(method, path) == view.hexaccount_lane


def test_a_view_that_does_not_say_its_lane_is_found_at_once(visit: Callable[..., Any]) -> None:
    app = Flask("forgetful", static_folder=None)
    app.add_url_rule("/new", endpoint="new", view_func=lambda: "new")

    with pytest.raises(UnmarkedView, match="the view new "):
        lane_finder(app)
