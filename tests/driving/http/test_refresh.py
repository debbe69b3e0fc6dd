import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.kernel.cors import CorsPolicy
from hexaccount.sessions.sessions import Sessions
from hexaccount.testing.api_client import ApiClient
from hexaccount_flask import request_class_finder

REFRESH = "/api/v1/public/refresh"


@pytest.fixture
def login(client: ApiClient) -> dict[str, Any]:
    client.register()
    return client.login().json["data"]


def refresh(client: ApiClient, token: str, **options: Any) -> Any:
    return client.post(REFRESH, json={"refresh": token}, **options)


def me(client: ApiClient, access: str) -> int:
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"}).status_code


def test_a_refresh_returns_a_new_pair_of_tokens(client: ApiClient, login: dict[str, Any]) -> None:
    answer = refresh(client, login["refresh"])

    data = answer.json["data"]
    assert answer.status_code == 200
    assert data.keys() == login.keys() - {"device"} == {"access", "token_type", "expires_in", "refresh"}
    assert (data["token_type"], data["expires_in"]) == ("Bearer", 900)
    assert data["access"] != login["access"]
    assert data["refresh"] != login["refresh"]
    assert answer.headers["Authorization"] == f"Bearer {data['access']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/json"
    assert "Set-Cookie" not in answer.headers


def test_the_new_access_token_belongs_to_the_same_session(client: ApiClient, login: dict[str, Any]) -> None:
    data = refresh(client, login["refresh"]).json["data"]

    assert _session_of(data["access"]) == _session_of(login["access"])
    assert me(client, data["access"]) == me(client, login["access"]) == 200


def test_the_same_token_at_once_gives_the_same_successor(client: ApiClient, login: dict[str, Any]) -> None:
    first, second = (refresh(client, login["refresh"]).json["data"] for _ in range(2))

    assert first["refresh"] == second["refresh"]
    assert first["access"] != second["access"]


def test_a_refresh_needs_no_access_token_and_ignores_one(client: ApiClient, login: dict[str, Any]) -> None:
    answer = refresh(client, login["refresh"], headers={"Authorization": "Bearer rubbish"})

    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "hxr_", "hxr_" + "A" * 43, "é", "x" * 256, "' OR 1=1 --"])
def test_an_invalid_token_gets_a_401_with_its_own_code(client: ApiClient, login: dict[str, Any], token: str) -> None:
    answer = refresh(client, token)

    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hexaccount"'
    assert "Authorization" not in answer.headers
    problem = answer.json
    assert problem.pop("request_id")
    assert problem == {
        "type": "urn:hexaccount:problem:invalid_refresh_token",
        "title": "Invalid refresh token",
        "status": 401,
        "detail": "log in again: the refresh token is invalid, expired, used or revoked",
        "code": "invalid_refresh_token",
    }


def test_every_useless_token_gets_the_same_response_to_the_byte(client: ApiClient, login: dict[str, Any]) -> None:
    user_id = client.register("eve").json["data"]["id"]
    locked = client.login("eve").json["data"]["refresh"]
    client.service.bus.handle(DisableUser(user_id=UUID(user_id)))
    out = client.login().json["data"]
    client.post("/api/v1/public/logout", headers={"Authorization": f"Bearer {out['access']}"})
    tokens = ("unknown", locked, out["refresh"], login["access"][:256])

    # From an address of its own, so that the rate limit is equally used.
    answers = [
        refresh(client, token, headers={"X-Request-ID": "one"}, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"})
        for number, token in enumerate(tokens, start=1)
    ]

    assert len({(answer.status, str(answer.headers), answer.data) for answer in answers}) == 1
    assert answers[0].status_code == 401


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/refresh"),
        ({"refresh": None}, "/refresh"),
        ({"refresh": 5}, "/refresh"),
        ({"refresh": ["x"]}, "/refresh"),
        ({"refresh": "x" * 257}, "/refresh"),
        ({"refresh": "\0"}, "/refresh"),
        ({"refresh": "\ud800"}, "/refresh"),
        ({"refresh": "x", "user_id": "ann"}, "/user_id"),
    ],
    ids=ascii,
)
def test_a_value_that_is_not_a_token_is_refused_by_the_name_of_the_field(
    client: ApiClient, body: dict[str, Any], pointer: str
) -> None:
    answer = client.post(REFRESH, json=body)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_refusal_does_not_repeat_the_token(client: ApiClient, login: dict[str, Any]) -> None:
    for token in (login["refresh"] + "x", login["refresh"] * 10):
        assert login["refresh"] not in refresh(client, token).text


def test_a_token_in_the_url_or_a_form_counts_for_nothing(client: ApiClient, login: dict[str, Any]) -> None:
    assert client.post(f"{REFRESH}?refresh={login['refresh']}").status_code == 415
    assert client.post(REFRESH, data={"refresh": login["refresh"]}).status_code == 415
    assert client.get(f"{REFRESH}?refresh={login['refresh']}").status_code == 405


def test_a_logout_ends_the_refresh_token_too(client: ApiClient, login: dict[str, Any]) -> None:
    client.post("/api/v1/public/logout", headers={"Authorization": f"Bearer {login['access']}"})

    assert refresh(client, login["refresh"]).status_code == 401


def test_a_refresh_has_the_default_request_class(client: ApiClient) -> None:
    assert request_class_finder(client.app)("POST", REFRESH) == "default"


def test_a_page_of_a_configured_origin_may_refresh(make_client: Callable[..., ApiClient]) -> None:
    client = make_client(cors=CorsPolicy(["https://app.example.org"]))
    client.register()
    origin = {"Origin": "https://app.example.org"}

    answer = refresh(client, client.login().json["data"]["refresh"], headers=origin)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "Authorization" in answer.headers["Access-Control-Expose-Headers"]


def test_a_refresh_is_state_and_no_event(client: ApiClient, login: dict[str, Any]) -> None:
    refresh(client, login["refresh"])

    with client.service.store.unit_of_work() as uow:
        session_id = _session_of(login["access"])
        session, (opened,) = Sessions(uow).find(session_id), uow.journal.of("session", session_id)
    assert session is not None
    assert session.last_used_at > session.opened_at == opened.time


def _session_of(token: str) -> UUID:
    claims = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return UUID(claims["sid"])
