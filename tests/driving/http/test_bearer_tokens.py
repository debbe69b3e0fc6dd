from typing import Any

import pytest

from hexaccount.sessions.errors import NotAuthenticated
from hexaccount_flask.web.authentication import bearer_token
from hexaccount_flask.web.problems import RequestRefused

INVALID = (
    'Bearer realm="hexaccount", error="invalid_token", '
    'error_description="the access token is invalid, expired or revoked"'
)
PERSONAL = [
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/me/profile"),
    ("PATCH", "/api/v1/me/profile"),
    ("GET", "/api/v1/users"),
    ("GET", "/api/v1/users/x"),
    ("POST", "/api/v1/public/logout"),
]


@pytest.mark.parametrize(("method", "path"), PERSONAL)
def test_a_request_without_a_token_is_challenged_without_an_error(client: Any, method: str, path: str) -> None:
    answer = client.open(path, method=method)

    assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hexaccount"'
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("method", "path"), PERSONAL)
def test_a_token_of_no_live_session_is_challenged_as_invalid(client: Any, method: str, path: str) -> None:
    answer = client.open(path, method=method, headers={"Authorization": "Bearer abc.def.ghi"})

    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == INVALID


@pytest.mark.parametrize("header", ["Bearer abc.-_~+/==", "bearer abc.-_~+/==", "BEARER   abc.-_~+/== "])
def test_the_scheme_is_read_in_any_case(header: str) -> None:
    assert bearer_token(header) == "abc.-_~+/=="


@pytest.mark.parametrize("header", [None, "", "Basic YTpi", "Bearer,x", "Token abc", "abc"])
def test_another_scheme_is_no_token(header: str | None) -> None:
    with pytest.raises(RequestRefused):
        bearer_token(header)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a,Bearer b",
        "Bearer a, Bearer b",
        "Bearer =",
        "Bearer a=b",
        "Bearer \ta",
        "Bearer a\n",
        "Bearer é",
        'Bearer "a"',
        "Bearer " + "a" * 4097,
    ],
)
def test_anything_but_one_token_of_sane_length_is_invalid(header: str) -> None:
    with pytest.raises(NotAuthenticated):
        bearer_token(header)


def test_a_token_in_the_query_or_in_a_body_counts_for_nothing(signed_in: Any) -> None:
    token = signed_in.headers.pop("Authorization").removeprefix("Bearer ")

    assert signed_in.get(f"/api/v1/me?access_token={token}").json["code"] == "not_authenticated"
    assert signed_in.post("/api/v1/public/logout", data={"access_token": token}).status_code == 415
    assert signed_in.post("/api/v1/public/logout", json={"access_token": token}).status_code == 422


def test_a_logout_ends_the_session_of_the_token_and_no_other_that_a_header_names(signed_in: Any) -> None:
    signed_in.register("bob")
    bob = {"Authorization": signed_in.login("bob").headers["Authorization"]}

    signed_in.post("/api/v1/public/logout", headers={"user_id": "bob", "X-User-Id": "bob"})

    assert signed_in.get("/api/v1/me", headers=bob).status_code == 200
    assert signed_in.get("/api/v1/me").status_code == 401
