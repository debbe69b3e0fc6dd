from collections.abc import Iterator
from uuid import UUID

import pytest

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.permission import Permission
from hexaccount.roles.revoke_role import RevokeRole
from tests.driving.http.conftest import Visitor

NOBODY = "01890000-0000-7000-8000-000000000000"
ROLES = {
    "reader": [Permission.READ_USERS],
    "support": [Permission.READ_SESSIONS, Permission.END_SESSIONS],
    "observer": [Permission.READ_SESSIONS],
    "guest": [],
}
# What each route needs, and what it answers to who may.
ROUTES = [
    ("GET", "/api/v1/users", "users.read", 200),
    ("GET", "/api/v1/users/{id}", "users.read", 200),
    ("GET", "/api/v1/users/{id}/sessions", "sessions.read", 200),
    ("DELETE", f"/api/v1/users/{{id}}/sessions/{NOBODY}", "sessions.end", 404),
    ("DELETE", "/api/v1/users/{id}/sessions", "sessions.end", 204),
]


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    settings = Settings(
        store="memory://", jwt=JwtSettings(key="k" * 64), password=PasswordSettings(cost=4), roles=ROLES
    )
    with open_service(settings) as service:
        yield Visitor(service)


def id_of(visitor: Visitor) -> UUID:
    return UUID(visitor.get("/api/v1/me").json["data"]["id"])


@pytest.mark.parametrize("role", [*ROLES, "user", "admin"])
@pytest.mark.parametrize(("method", "path", "permission", "status"), ROUTES)
def test_a_role_may_do_what_the_settings_say_and_no_more(
    visitor: Visitor, *, role: str, method: str, path: str, permission: str, status: int
) -> None:
    other = visitor.register().json["data"]["id"]
    visitor.appoint("bob", Role(role))
    visitor.sign_in("bob")

    answer = visitor.open(path.format(id=other), method=method)

    if role == "admin" or permission in ROLES.get(role, ()):
        assert answer.status_code == status
    else:
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
        assert answer.json["title"] == "The account may not do this"
        assert f"permission {permission}," in answer.json["detail"]
        challenge = f'Bearer realm="hexaccount", error="insufficient_scope", scope="{permission}"'
        assert answer.headers["WWW-Authenticate"] == challenge


def test_a_changed_role_holds_at_the_next_request_with_the_token_that_is_there(person: Visitor) -> None:
    user_id = id_of(person)
    told = []
    for command in (
        None,
        GrantRole(user_id=user_id, role=Role("reader")),
        RevokeRole(user_id=user_id, role=Role("reader")),
    ):
        if command:
            person.service.bus.handle(command)
        told.append((person.get("/api/v1/users").status_code, person.get("/api/v1/me").json["data"]["roles"]))

    assert told == [(403, ["user"]), (200, ["user", "reader"]), (403, ["user"])]


def test_two_roles_allow_together_what_each_allows(person: Visitor) -> None:
    user_id = id_of(person)
    for role in ("reader", "observer"):
        person.service.bus.handle(GrantRole(user_id=user_id, role=Role(role)))

    assert person.get("/api/v1/users").status_code == 200
    assert person.get(f"/api/v1/users/{user_id}/sessions").status_code == 200
    assert person.delete(f"/api/v1/users/{user_id}/sessions").status_code == 403


def test_without_a_role_everybody_looks_after_their_own_sessions(person: Visitor) -> None:
    assert person.get("/api/v1/me/sessions").status_code == 200
    assert person.delete("/api/v1/me/sessions").status_code == 204
    assert person.get(f"/api/v1/users/{id_of(person)}/sessions").status_code == 403


def test_nobody_makes_themselves_an_admin_over_http(person: Visitor) -> None:
    assert person.patch("/api/v1/me/profile", json={"roles": ["admin"]}).status_code == 422
    assert person.patch("/api/v1/me", json={"roles": ["admin"]}).status_code == 405
    assert person.post(f"/api/v1/users/{id_of(person)}/roles", json={"role": "admin"}).status_code == 404
    assert person.get("/api/v1/me").json["data"]["roles"] == ["user"]


def test_an_admin_sees_the_roles_of_an_account(admin: Visitor) -> None:
    admin.appoint("bob", Role("support"))

    users = admin.get("/api/v1/users").json["data"]

    assert {user["user_name"]: user["roles"] for user in users} == {
        "root": ["user", "admin"],
        "bob": ["user", "support"],
    }
