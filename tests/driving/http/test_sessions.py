import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from hexaccount.kernel.cors import CorsPolicy
from hexaccount.testing.api_client import ApiClient
from hexaccount_flask import request_class_finder

MY_SESSIONS = "/api/v1/me/sessions"
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"
ROUTES = [
    ("GET", MY_SESSIONS),
    ("DELETE", MY_SESSIONS),
    ("DELETE", f"{MY_SESSIONS}/{UNKNOWN_ID}"),
    ("GET", f"/api/v1/users/{UNKNOWN_ID}/sessions"),
    ("DELETE", f"/api/v1/users/{UNKNOWN_ID}/sessions"),
    ("DELETE", f"/api/v1/users/{UNKNOWN_ID}/sessions/{UNKNOWN_ID}"),
]

Headers = dict[str, str]


def device(client: ApiClient, name: str = "ann", agent: str = "Phone") -> Headers:
    return {"Authorization": client.login(name, headers={"User-Agent": agent}).headers["Authorization"]}


def sessions(client: ApiClient, path: str = MY_SESSIONS, **options: Any) -> list[dict[str, Any]]:
    answer = client.get(path, **options)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def is_in(client: ApiClient, headers: Headers) -> bool:
    return client.get("/api/v1/me", headers=headers).status_code == 200


def id_of(client: ApiClient, headers: Headers) -> str:
    (current,) = [session["id"] for session in sessions(client, headers=headers) if session["current"]]
    return current


def test_a_user_lists_their_sessions_newest_first(signed_in: ApiClient) -> None:
    device(signed_in, agent="Phone 1.0")

    phone, here = sessions(signed_in)

    assert phone.keys() == {
        "id", "device", "address", "created_at", "last_used_at", "last_address", "idle_until", "expires_at", "current"
    }  # fmt: skip
    assert UUID(phone["id"]) > UUID(here["id"])
    assert (phone["device"], phone["address"], phone["current"]) == ("Phone 1.0", "127.0.0.1", False)
    assert here["current"] is True
    assert phone["created_at"] == phone["last_used_at"] < phone["idle_until"] < phone["expires_at"]
    assert phone["created_at"].endswith("Z")


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        pytest.param(
            "Telefon der B\u00fccherei/1 \u65e5\u672c \U0001f40e".encode(),
            "Telefon der B\u00fccherei/1 \u65e5\u672c \U0001f40e",
            id="utf-8",
        ),
        pytest.param(
            "\U0001f469\u200d\U0001f680 \U000105c9".encode(),
            "\U0001f469\u200d\U0001f680 \U000105c9",
            id="joined-and-unassigned",
        ),
        pytest.param(b"B\xfccher", "B\u00fccher", id="latin-1"),
        pytest.param("a\u202eb".encode(), "a?b", id="override-of-direction"),
    ],
)
def test_a_user_agent_is_shown_as_it_was_sent(signed_in: ApiClient, sent: bytes, shown: str) -> None:
    answer = signed_in.login(environ_overrides={"HTTP_USER_AGENT": sent.decode("latin-1")})
    signed_in.headers = {"Authorization": answer.headers["Authorization"]}
    newest = sessions(signed_in)[0]
    assert newest["device"] == shown


def test_a_list_of_sessions_shows_no_token(signed_in: ApiClient) -> None:
    login = signed_in.login().json["data"]

    shown = signed_in.get(MY_SESSIONS).text

    assert "hxr_" not in shown
    assert login["access"] not in shown


def test_a_refresh_updates_the_last_use(signed_in: ApiClient) -> None:
    login = signed_in.login().json["data"]
    before = sessions(signed_in)[0]
    time.sleep(0.01)  # times are whole milliseconds

    signed_in.post("/api/v1/public/refresh", json={"refresh": login["refresh"]})

    after = sessions(signed_in)[0]
    assert after["last_used_at"] > before["last_used_at"]
    assert after | {"last_used_at": 0, "idle_until": 0} == before | {"last_used_at": 0, "idle_until": 0}


def test_pages_follow_each_other_until_every_session_was_seen_once(signed_in: ApiClient) -> None:
    for _ in range(6):
        signed_in.login()
    seen: list[str] = []
    after = ""
    while True:
        answer = signed_in.get(f"{MY_SESSIONS}?limit=3{after}").json
        seen += [session["id"] for session in answer["data"]]
        if answer["page"]["next"] is None:
            break
        assert len(answer["data"]) == 3
        after = f"&after={answer['page']['next']}"

    assert len(seen) == 7
    assert seen == sorted(set(seen), reverse=True)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1&limit=2"])
def test_an_invalid_limit_is_refused_by_its_name(signed_in: ApiClient, query: str) -> None:
    answer = signed_in.get(f"{MY_SESSIONS}?{query}")

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [error["parameter"] for error in answer.json["errors"]] == ["limit"]


@pytest.mark.parametrize("cursor", ["", "x", UNKNOWN_ID, "A" * 21 + "B"])
def test_an_invalid_cursor_is_refused_by_its_name(signed_in: ApiClient, cursor: str) -> None:
    answer = signed_in.get(f"{MY_SESSIONS}?after={cursor}")

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [error["parameter"] for error in answer.json["errors"]] == ["after"]


def test_a_user_ends_one_of_their_sessions_and_may_repeat_the_request(signed_in: ApiClient) -> None:
    phone, tablet = device(signed_in), device(signed_in)
    path = f"{MY_SESSIONS}/{id_of(signed_in, phone)}"

    answers = [signed_in.delete(path) for _ in range(2)]

    assert [(answer.status_code, answer.data) for answer in answers] == [(204, b"")] * 2
    assert "Content-Type" not in answers[0].headers
    assert (is_in(signed_in, phone), is_in(signed_in, tablet), is_in(signed_in, {})) == (False, True, True)
    assert len(sessions(signed_in)) == 2


def test_a_user_may_end_the_session_of_the_request(signed_in: ApiClient) -> None:
    assert signed_in.delete(f"{MY_SESSIONS}/{id_of(signed_in, {})}").status_code == 204
    assert signed_in.get(MY_SESSIONS).json["code"] == "invalid_token"


def test_a_user_ends_all_sessions_but_that_of_the_request(signed_in: ApiClient) -> None:
    others = [device(signed_in), device(signed_in)]

    answers = [signed_in.delete(MY_SESSIONS) for _ in range(2)]

    assert [(answer.status_code, answer.data) for answer in answers] == [(204, b"")] * 2
    assert [is_in(signed_in, other) for other in others] == [False, False]
    (left,) = sessions(signed_in)
    assert left["current"] is True


def test_an_ended_session_cannot_be_refreshed_and_a_live_one_can(signed_in: ApiClient) -> None:
    kept, other = (signed_in.login().json["data"] for _ in range(2))

    signed_in.delete(MY_SESSIONS, headers={"Authorization": f"Bearer {kept['access']}"})

    tokens = (kept["refresh"], other["refresh"])
    answers = [signed_in.post("/api/v1/public/refresh", json={"refresh": token}).status_code for token in tokens]
    assert answers == [200, 401]


def test_a_session_of_another_user_is_not_found_and_does_not_end(signed_in: ApiClient) -> None:
    signed_in.register("bob")
    bob = device(signed_in, "bob")

    answer = signed_in.delete(f"{MY_SESSIONS}/{id_of(signed_in, bob)}")

    assert (answer.status_code, answer.json["code"]) == (404, "session_not_found")
    assert is_in(signed_in, bob)
    assert len(sessions(signed_in)) == 1


@pytest.mark.parametrize(
    "spelling", ["{new}", "x", "{hex}", "{upper}", "{{{id}}}", "urn:uuid:{id}", "{id}x", "%00", "é"]
)
def test_a_text_that_is_not_a_session_id_is_not_found(signed_in: ApiClient, spelling: str) -> None:
    mine = id_of(signed_in, {})
    path = spelling.format(id=mine, hex=UUID(mine).hex, upper=mine.upper(), new=uuid4())

    answer = signed_in.delete(f"{MY_SESSIONS}/{path}")

    assert (answer.status_code, answer.json["code"]) == (404, "session_not_found")
    assert is_in(signed_in, {})


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_the_routes_of_sessions_need_a_token(client: ApiClient, method: str, path: str) -> None:
    answer = client.open(path, method=method)
    assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hexaccount"'

    answer = client.open(path, method=method, headers={"Authorization": "Bearer a.b.c"})
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v1/users/{id}/sessions", "sessions.read"),
        ("DELETE", "/api/v1/users/{id}/sessions", "sessions.end"),
        ("DELETE", "/api/v1/users/{id}/sessions/{session}", "sessions.end"),
        ("DELETE", "/api/v1/users/x/sessions/x", "sessions.end"),
    ],
)
def test_only_admins_may_use_the_sessions_of_others(signed_in: ApiClient, method: str, path: str, scope: str) -> None:
    bob = signed_in.register("bob").json["data"]["id"]
    headers = device(signed_in, "bob")

    answer = signed_in.open(path.format(id=bob, session=id_of(signed_in, headers)), method=method)

    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    challenge = f'Bearer realm="hexaccount", error="insufficient_scope", scope="{scope}"'
    assert answer.headers["WWW-Authenticate"] == challenge
    assert is_in(signed_in, headers)


def test_an_admin_sees_and_ends_the_sessions_of_a_user(admin: ApiClient) -> None:
    ann = admin.register().json["data"]["id"]
    laptop, phone, tablet = (device(admin, agent=agent) for agent in ("Laptop", "Phone", "Tablet"))
    path = f"/api/v1/users/{ann}/sessions"

    seen = sessions(admin, path)
    assert [(session["device"], session["current"]) for session in seen] == [
        ("Tablet", False), ("Phone", False), ("Laptop", False)
    ]  # fmt: skip

    for _ in range(2):
        assert admin.delete(f"{path}/{seen[1]['id']}").status_code == 204
    assert [is_in(admin, headers) for headers in (laptop, phone, tablet)] == [True, False, True]

    assert admin.delete(path).status_code == 204
    assert [is_in(admin, headers) for headers in (laptop, tablet)] == [False, False]
    assert sessions(admin, path) == []
    assert is_in(admin, {})


def test_an_admin_sees_which_session_of_their_account_is_current(admin: ApiClient) -> None:
    root = admin.get("/api/v1/me").json["data"]["id"]

    assert [session["current"] for session in sessions(admin, f"/api/v1/users/{root}/sessions")] == [True]
    assert admin.delete(f"/api/v1/users/{root}/sessions").status_code == 204
    assert not is_in(admin, {})


def test_an_admin_pages_through_the_sessions_of_a_user(admin: ApiClient) -> None:
    ann = admin.register().json["data"]["id"]
    opened = [id_of(admin, device(admin)) for _ in range(3)]
    path = f"/api/v1/users/{ann}/sessions?limit=2"

    first = admin.get(path).json
    rest = admin.get(f"{path}&after={first['page']['next']}").json

    assert [session["id"] for session in first["data"] + rest["data"]] == opened[::-1]
    assert rest["page"] == {"next": None}


@pytest.mark.parametrize("reference", [UNKNOWN_ID, "ann", "ann@example.org", "{upper}", "me"])
def test_a_text_that_is_not_a_user_id_has_no_sessions(admin: ApiClient, reference: str) -> None:
    ann = admin.register().json["data"]["id"]
    path = f"/api/v1/users/{reference.format(upper=ann.upper())}/sessions"

    for method in ("GET", "DELETE"):
        answer = admin.open(path, method=method)
        assert (answer.status_code, answer.json["code"]) == (404, "user_not_found")


def test_an_admin_finds_a_session_only_under_the_account_it_is_of(admin: ApiClient) -> None:
    ann, bob = (admin.register(name).json["data"]["id"] for name in ("ann", "bob"))
    headers = device(admin)
    session = id_of(admin, headers)

    for path in (
        f"/api/v1/users/{bob}/sessions/{session}",
        f"/api/v1/users/{ann}/sessions/{bob}",
        f"{MY_SESSIONS}/{session}",
    ):
        answer = admin.delete(path)
        assert (answer.status_code, answer.json["code"]) == (404, "session_not_found")
    assert is_in(admin, headers)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_the_routes_of_sessions_have_the_default_request_class(client: ApiClient, method: str, path: str) -> None:
    assert request_class_finder(client.app)(method, path) == "default"


@pytest.mark.parametrize(
    ("path", "allowed"), [(MY_SESSIONS, "DELETE, GET, HEAD"), (f"{MY_SESSIONS}/{UNKNOWN_ID}", "DELETE")]
)
def test_other_methods_are_refused_with_the_allowed_ones(signed_in: ApiClient, path: str, allowed: str) -> None:
    answer = signed_in.post(path, json={})

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


def test_a_page_of_a_configured_origin_may_end_sessions(make_client: Callable[..., ApiClient]) -> None:
    client = make_client(cors=CorsPolicy(["https://app.example.org"]))
    preflight = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "DELETE"}

    answer = client.options(f"{MY_SESSIONS}/{UNKNOWN_ID}", headers=preflight)

    assert answer.status_code == 204
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"].split(", ")
