from typing import Any
from uuid import UUID

import pytest


@pytest.mark.parametrize("path", ["/api/v1/users", "/api/v1/users/01890000-0000-7000-8000-000000000000"])
def test_only_admins_may_read_accounts(signed_in: Any, path: str) -> None:
    answer = signed_in.get(path)

    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert (
        answer.headers["WWW-Authenticate"]
        == 'Bearer realm="hexaccount", error="insufficient_scope", scope="users.read"'
    )
    assert signed_in.get(path, headers={"Authorization": ""}).status_code == 401


def test_an_admin_gets_an_account_by_its_id(admin: Any) -> None:
    new = admin.register().json["data"]["id"]

    answer = admin.get(f"/api/v1/users/{new}")

    assert (answer.status_code, answer.json["data"]["user_name"]) == (200, "ann")


@pytest.mark.parametrize("spelling", ["ann", "ann@example.org", "{id}x", "{{{id}}}", "urn:uuid:{id}", "{hex}", "{new}"])
def test_a_text_that_is_not_a_user_id_is_not_found(admin: Any, spelling: str) -> None:
    new = admin.register().json["data"]["id"]
    path = spelling.format(id=new, hex=UUID(new).hex, new="01890000-0000-7000-8000-000000000000")

    answer = admin.get(f"/api/v1/users/{path}")

    assert (answer.status_code, answer.json["code"]) == (404, "user_not_found")


def test_pages_follow_each_other_until_every_account_was_seen_once(admin: Any) -> None:
    for number in range(7):
        admin.register(f"user{number}")
    seen: list[str] = []
    after = ""
    while True:
        answer = admin.get(f"/api/v1/users?limit=3{after}").json
        seen += [user["id"] for user in answer["data"]]
        if answer["page"]["next"] is None:
            break
        assert len(answer["data"]) == 3
        after = f"&after={answer['page']['next']}"

    assert len(seen) == 8
    assert seen == sorted(set(seen))


def test_unknown_parameters_are_ignored(admin: Any) -> None:
    assert admin.get("/api/v1/users?utm_source=mail").status_code == 200


@pytest.mark.parametrize("limit", ["0", "201", "-1", "", "1.5", "1e2", "٣", "+5", " 5", "9" * 5000, "5&limit=6"])
def test_an_invalid_limit_is_refused_by_its_name(admin: Any, limit: str) -> None:
    assert _refused(admin, f"limit={limit.replace('+', '%2B').replace(' ', '%20')}") == ["limit"]


@pytest.mark.parametrize("limit", ["1", "200"])
def test_a_page_has_1_to_200_entries(admin: Any, limit: str) -> None:
    assert admin.get(f"/api/v1/users?limit={limit}").status_code == 200


@pytest.mark.parametrize(
    "cursor", ["", "x", "A" * 21, "A" * 23, "A" * 21 + "B", "A" * 20 + "==", "A" * 21 + "%2B", "%00" * 22, "é" * 22]
)
def test_an_invalid_cursor_is_refused_by_its_name(admin: Any, cursor: str) -> None:
    assert _refused(admin, f"after={cursor}") == ["after"]


def _refused(admin: Any, query: str) -> list[str]:
    answer = admin.get(f"/api/v1/users?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_input")
    return [error["parameter"] for error in answer.json["errors"]]
