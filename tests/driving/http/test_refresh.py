import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount_flask import lane_finder
from tests.driving.http.conftest import Visitor

REFRESH = "/api/v1/public/refresh"


@pytest.fixture
def login(visitor: Visitor) -> dict[str, Any]:
    visitor.register()
    return visitor.login().json["data"]


def refresh(visitor: Visitor, token: str, **options: Any) -> Any:
    return visitor.post(REFRESH, json={"refresh": token}, **options)


def me(visitor: Visitor, access: str) -> int:
    return visitor.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"}).status_code


def test_a_refresh_answers_as_a_login_does_with_a_new_pair(visitor: Visitor, login: dict[str, Any]) -> None:
    answer = refresh(visitor, login["refresh"])

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


def test_the_new_access_is_that_of_the_same_session(visitor: Visitor, login: dict[str, Any]) -> None:
    data = refresh(visitor, login["refresh"]).json["data"]

    assert _session_of(data["access"]) == _session_of(login["access"])
    assert me(visitor, data["access"]) == me(visitor, login["access"]) == 200


def test_the_same_token_at_once_gives_the_same_successor(visitor: Visitor, login: dict[str, Any]) -> None:
    first, second = (refresh(visitor, login["refresh"]).json["data"] for _ in range(2))

    assert first["refresh"] == second["refresh"]
    assert first["access"] != second["access"]


def test_a_refresh_needs_no_access_token_and_looks_at_none(visitor: Visitor, login: dict[str, Any]) -> None:
    answer = refresh(visitor, login["refresh"], headers={"Authorization": "Bearer rubbish"})

    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "hxr_", "hxr_" + "A" * 43, "é", "x" * 256, "' OR 1=1 --"])
def test_a_token_that_is_none_is_a_401_of_its_own_code(visitor: Visitor, login: dict[str, Any], token: str) -> None:
    answer = refresh(visitor, token)

    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hexaccount"'
    assert "Authorization" not in answer.headers
    problem = answer.json
    assert problem.pop("request_id")
    assert problem == {
        "type": "urn:hexaccount:problem:invalid_refresh_token",
        "title": "The refresh token is not valid",
        "status": 401,
        "detail": "the refresh token is invalid, expired, spent or revoked; log in again",
        "code": "invalid_refresh_token",
    }


def test_every_token_that_gives_nothing_is_answered_alike_to_the_byte(visitor: Visitor, login: dict[str, Any]) -> None:
    user_id = visitor.register("eve").json["data"]["id"]
    locked = visitor.login("eve").json["data"]["refresh"]
    visitor.service.bus.handle(DisableUser(user_id=UUID(user_id)))
    out = visitor.login().json["data"]
    visitor.post("/api/v1/public/logout", headers={"Authorization": f"Bearer {out['access']}"})
    same = {"X-Request-ID": "one"}

    answers = [
        refresh(visitor, token, headers=same) for token in ("unknown", locked, out["refresh"], login["access"][:256])
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
def test_what_is_no_token_at_all_is_refused_by_the_name_of_the_field(
    visitor: Visitor, body: dict[str, Any], pointer: str
) -> None:
    answer = visitor.post(REFRESH, json=body)

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_a_refusal_does_not_repeat_the_token(visitor: Visitor, login: dict[str, Any]) -> None:
    for token in (login["refresh"] + "x", login["refresh"] * 10):
        assert login["refresh"] not in refresh(visitor, token).text


def test_a_token_in_the_url_or_a_form_counts_for_nothing(visitor: Visitor, login: dict[str, Any]) -> None:
    assert visitor.post(f"{REFRESH}?refresh={login['refresh']}").status_code == 415
    assert visitor.post(REFRESH, data={"refresh": login["refresh"]}).status_code == 415
    assert visitor.get(f"{REFRESH}?refresh={login['refresh']}").status_code == 405


def test_a_logout_ends_the_refresh_token_too(visitor: Visitor, login: dict[str, Any]) -> None:
    visitor.post("/api/v1/public/logout", headers={"Authorization": f"Bearer {login['access']}"})

    assert refresh(visitor, login["refresh"]).status_code == 401


def test_a_refresh_runs_with_the_quick_requests(visitor: Visitor) -> None:
    assert lane_finder(visitor.app)("POST", REFRESH) == "quick"


def test_a_page_of_a_configured_origin_may_refresh(visit: Callable[..., Visitor]) -> None:
    visitor = visit(cors_origins=["https://app.example.org"])
    visitor.register()
    origin = {"Origin": "https://app.example.org"}

    answer = refresh(visitor, visitor.login().json["data"]["refresh"], headers=origin)

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "Authorization" in answer.headers["Access-Control-Expose-Headers"]


def test_the_event_of_a_refresh_names_the_request_that_caused_it(visitor: Visitor, login: dict[str, Any]) -> None:
    refresh(visitor, login["refresh"], headers={"X-Request-ID": "request-9"})

    with visitor.service.store.unit_of_work() as uow:
        _, refreshed = uow.journal.of("session", _session_of(login["access"]))
    assert (refreshed.type, refreshed.causation_id) == ("hexaccount.session.refreshed.v1", "request-9")


def _session_of(token: str) -> UUID:
    claims = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return UUID(claims["sid"])
