import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from hexaccount_flask import lane_finder
from tests.driving.http.conftest import Visitor

MINE = "/api/v1/me/sessions"
NOBODY = "01890000-0000-7000-8000-000000000000"
ROUTES = [
    ("GET", MINE),
    ("DELETE", MINE),
    ("DELETE", f"{MINE}/{NOBODY}"),
    ("GET", f"/api/v1/users/{NOBODY}/sessions"),
    ("DELETE", f"/api/v1/users/{NOBODY}/sessions"),
    ("DELETE", f"/api/v1/users/{NOBODY}/sessions/{NOBODY}"),
]

Headers = dict[str, str]


def device(visitor: Visitor, name: str = "ann", agent: str = "Phone") -> Headers:
    return {"Authorization": visitor.login(name, headers={"User-Agent": agent}).headers["Authorization"]}


def sessions(visitor: Visitor, path: str = MINE, **options: Any) -> list[dict[str, Any]]:
    answer = visitor.get(path, **options)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def is_in(visitor: Visitor, headers: Headers) -> bool:
    return visitor.get("/api/v1/me", headers=headers).status_code == 200


def id_of(visitor: Visitor, headers: Headers) -> str:
    (current,) = [session["id"] for session in sessions(visitor, headers=headers) if session["current"]]
    return current


def test_people_see_where_they_are_logged_in_newest_first(person: Visitor) -> None:
    device(person, agent="Phone 1.0")

    phone, here = sessions(person)

    assert phone.keys() == {
        "id", "device", "address", "created_at", "last_used_at", "idle_until", "expires_at", "current"
    }  # fmt: skip
    assert UUID(phone["id"]) > UUID(here["id"])
    assert (phone["device"], phone["address"], phone["current"]) == ("Phone 1.0", "127.0.0.1", False)
    assert here["current"] is True
    assert phone["created_at"] == phone["last_used_at"] < phone["idle_until"] < phone["expires_at"]
    assert phone["created_at"].endswith("Z")


def test_a_list_of_sessions_shows_no_token(person: Visitor) -> None:
    login = person.login().json["data"]

    shown = person.get(MINE).text

    assert "hxr_" not in shown
    assert login["access"] not in shown


def test_a_refresh_moves_the_last_use(person: Visitor) -> None:
    login = person.login().json["data"]
    before = sessions(person)[0]
    time.sleep(0.01)  # times are whole milliseconds

    person.post("/api/v1/public/refresh", json={"refresh": login["refresh"]})

    after = sessions(person)[0]
    assert after["last_used_at"] > before["last_used_at"]
    assert after | {"last_used_at": 0, "idle_until": 0} == before | {"last_used_at": 0, "idle_until": 0}


def test_pages_follow_each_other_until_every_session_was_seen_once(person: Visitor) -> None:
    for _ in range(6):
        person.login()
    seen: list[str] = []
    after = ""
    while True:
        answer = person.get(f"{MINE}?limit=3{after}").json
        seen += [session["id"] for session in answer["data"]]
        if answer["page"]["next"] is None:
            break
        assert len(answer["data"]) == 3
        after = f"&after={answer['page']['next']}"

    assert len(seen) == 7
    assert seen == sorted(set(seen), reverse=True)


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=1&limit=2"])
def test_a_limit_that_is_none_is_refused_by_name(person: Visitor, query: str) -> None:
    answer = person.get(f"{MINE}?{query}")

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [error["parameter"] for error in answer.json["errors"]] == ["limit"]


@pytest.mark.parametrize("cursor", ["", "x", NOBODY, "A" * 21 + "B"])
def test_a_cursor_that_no_page_gave_is_refused_by_name(person: Visitor, cursor: str) -> None:
    answer = person.get(f"{MINE}?after={cursor}")

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    assert [error["parameter"] for error in answer.json["errors"]] == ["after"]


def test_a_person_ends_one_of_their_sessions_and_may_ask_twice(person: Visitor) -> None:
    phone, tablet = device(person), device(person)
    path = f"{MINE}/{id_of(person, phone)}"

    answers = [person.delete(path) for _ in range(2)]

    assert [(answer.status_code, answer.data) for answer in answers] == [(204, b"")] * 2
    assert "Content-Type" not in answers[0].headers
    assert (is_in(person, phone), is_in(person, tablet), is_in(person, {})) == (False, True, True)
    assert len(sessions(person)) == 2


def test_a_person_may_end_the_session_that_asks(person: Visitor) -> None:
    assert person.delete(f"{MINE}/{id_of(person, {})}").status_code == 204
    assert person.get(MINE).json["code"] == "invalid_token"


def test_a_person_ends_all_sessions_but_the_one_that_asks(person: Visitor) -> None:
    others = [device(person), device(person)]

    answers = [person.delete(MINE) for _ in range(2)]

    assert [(answer.status_code, answer.data) for answer in answers] == [(204, b"")] * 2
    assert [is_in(person, other) for other in others] == [False, False]
    (left,) = sessions(person)
    assert left["current"] is True


def test_what_is_ended_cannot_be_refreshed_and_what_is_left_can(person: Visitor) -> None:
    kept, other = (person.login().json["data"] for _ in range(2))

    person.delete(MINE, headers={"Authorization": f"Bearer {kept['access']}"})

    tokens = (kept["refresh"], other["refresh"])
    answers = [person.post("/api/v1/public/refresh", json={"refresh": token}).status_code for token in tokens]
    assert answers == [200, 401]


def test_a_session_of_somebody_else_is_not_there_and_lives_on(person: Visitor) -> None:
    person.register("bob")
    bob = device(person, "bob")

    answer = person.delete(f"{MINE}/{id_of(person, bob)}")

    assert (answer.status_code, answer.json["code"]) == (404, "session_not_found")
    assert is_in(person, bob)
    assert len(sessions(person)) == 1


@pytest.mark.parametrize(
    "spelling", ["{new}", "x", "{hex}", "{upper}", "{{{id}}}", "urn:uuid:{id}", "{id}x", "%00", "é"]
)
def test_what_is_not_the_id_of_a_session_is_not_found(person: Visitor, spelling: str) -> None:
    mine = id_of(person, {})
    path = spelling.format(id=mine, hex=UUID(mine).hex, upper=mine.upper(), new=uuid4())

    answer = person.delete(f"{MINE}/{path}")

    assert (answer.status_code, answer.json["code"]) == (404, "session_not_found")
    assert is_in(person, {})


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_sessions_are_for_those_who_are_logged_in(visitor: Visitor, method: str, path: str) -> None:
    answer = visitor.open(path, method=method)
    assert (answer.status_code, answer.json["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hexaccount"'

    answer = visitor.open(path, method=method, headers={"Authorization": "Bearer a.b.c"})
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
def test_the_sessions_of_others_are_for_admins(person: Visitor, method: str, path: str, scope: str) -> None:
    bob = person.register("bob").json["data"]["id"]
    headers = device(person, "bob")

    answer = person.open(path.format(id=bob, session=id_of(person, headers)), method=method)

    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    challenge = f'Bearer realm="hexaccount", error="insufficient_scope", scope="{scope}"'
    assert answer.headers["WWW-Authenticate"] == challenge
    assert is_in(person, headers)


def test_an_admin_sees_and_ends_the_sessions_of_a_user(admin: Visitor) -> None:
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


def test_an_admin_sees_their_own_session_marked_among_those_of_their_account(admin: Visitor) -> None:
    root = admin.get("/api/v1/me").json["data"]["id"]

    assert [session["current"] for session in sessions(admin, f"/api/v1/users/{root}/sessions")] == [True]
    assert admin.delete(f"/api/v1/users/{root}/sessions").status_code == 204
    assert not is_in(admin, {})


def test_an_admin_pages_through_the_sessions_of_a_user(admin: Visitor) -> None:
    ann = admin.register().json["data"]["id"]
    opened = [id_of(admin, device(admin)) for _ in range(3)]
    path = f"/api/v1/users/{ann}/sessions?limit=2"

    first = admin.get(path).json
    rest = admin.get(f"{path}&after={first['page']['next']}").json

    assert [session["id"] for session in first["data"] + rest["data"]] == opened[::-1]
    assert rest["page"] == {"next": None}


@pytest.mark.parametrize("reference", [NOBODY, "ann", "ann@example.org", "{upper}", "me"])
def test_what_is_not_the_id_of_an_account_has_no_sessions(admin: Visitor, reference: str) -> None:
    ann = admin.register().json["data"]["id"]
    path = f"/api/v1/users/{reference.format(upper=ann.upper())}/sessions"

    for method in ("GET", "DELETE"):
        answer = admin.open(path, method=method)
        assert (answer.status_code, answer.json["code"]) == (404, "user_not_found")


def test_an_admin_finds_a_session_only_under_the_account_it_is_of(admin: Visitor) -> None:
    ann, bob = (admin.register(name).json["data"]["id"] for name in ("ann", "bob"))
    headers = device(admin)
    session = id_of(admin, headers)

    for path in (f"/api/v1/users/{bob}/sessions/{session}", f"/api/v1/users/{ann}/sessions/{bob}", f"{MINE}/{session}"):
        answer = admin.delete(path)
        assert (answer.status_code, answer.json["code"]) == (404, "session_not_found")
    assert is_in(admin, headers)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_sessions_run_with_the_quick_requests(visitor: Visitor, method: str, path: str) -> None:
    assert lane_finder(visitor.app)(method, path) == "quick"


@pytest.mark.parametrize(("path", "allowed"), [(MINE, "DELETE, GET, HEAD"), (f"{MINE}/{NOBODY}", "DELETE")])
def test_other_methods_are_refused_with_those_there_are(person: Visitor, path: str, allowed: str) -> None:
    answer = person.post(path, json={})

    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


def test_a_page_of_a_configured_origin_may_end_sessions(visit: Callable[..., Visitor]) -> None:
    visitor = visit(cors_origins=["https://app.example.org"])
    ask = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "DELETE"}

    answer = visitor.options(f"{MINE}/{NOBODY}", headers=ask)

    assert answer.status_code == 204
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"].split(", ")
