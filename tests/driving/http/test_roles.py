from collections.abc import Iterator
from uuid import UUID

import pytest

from hexaccount.accounts.list_users import READ_USERS
from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.sessions.end_sessions import END_SESSIONS
from hexaccount.sessions.list_sessions import READ_SESSIONS
from hexaccount.testing.api_client import ApiClient
from tests.signing_key import SIGNING_KEY

UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"
ROLES = {
    "reader": [READ_USERS],
    "support": [READ_SESSIONS, END_SESSIONS],
    "observer": [READ_SESSIONS],
    "guest": [],
}
# The permission that each route needs, and its status for a user who has it.
ROUTES = [
    ("GET", "/api/v1/users", "users.read", 200),
    ("GET", "/api/v1/users/{id}", "users.read", 200),
    ("GET", "/api/v1/users/{id}/sessions", "sessions.read", 200),
    ("DELETE", f"/api/v1/users/{{id}}/sessions/{UNKNOWN_ID}", "sessions.end", 404),
    ("DELETE", "/api/v1/users/{id}/sessions", "sessions.end", 204),
]


@pytest.fixture
def client() -> Iterator[ApiClient]:
    settings = Settings(
        store="memory://", jwt=JwtSettings(key=SIGNING_KEY), password=PasswordSettings(cost=4), roles=ROLES
    )
    with open_service(settings) as service:
        yield ApiClient(service)


def id_of(client: ApiClient) -> UUID:
    return UUID(client.get("/api/v1/me").json["data"]["id"])


@pytest.mark.parametrize("role", [*ROLES, "user", "admin"])
@pytest.mark.parametrize(("method", "path", "permission", "status"), ROUTES)
def test_a_role_has_exactly_the_permissions_of_the_settings(
    client: ApiClient, *, role: str, method: str, path: str, permission: str, status: int
) -> None:
    other = client.register().json["data"]["id"]
    client.register_with_role("bob", Role(role))
    client.sign_in("bob")

    answer = client.open(path.format(id=other), method=method)

    if role == "admin" or permission in ROLES.get(role, ()):
        assert answer.status_code == status
    else:
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
        assert answer.json["title"] == "Insufficient scope"
        assert f"permission {permission}," in answer.json["detail"]
        challenge = f'Bearer realm="hexaccount", error="insufficient_scope", scope="{permission}"'
        assert answer.headers["WWW-Authenticate"] == challenge


def test_a_changed_role_takes_effect_at_the_next_request_with_the_same_token(signed_in: ApiClient) -> None:
    user_id = id_of(signed_in)
    seen = []
    for command in (
        None,
        GrantRole(user_id=user_id, role=Role("reader")),
        RevokeRole(user_id=user_id, role=Role("reader")),
    ):
        if command:
            signed_in.service.bus.handle(command)
        seen.append((signed_in.get("/api/v1/users").status_code, signed_in.get("/api/v1/me").json["data"]["roles"]))

    assert seen == [(403, ["user"]), (200, ["user", "reader"]), (403, ["user"])]


def test_two_roles_together_have_the_permissions_of_both(signed_in: ApiClient) -> None:
    user_id = id_of(signed_in)
    for role in ("reader", "observer"):
        signed_in.service.bus.handle(GrantRole(user_id=user_id, role=Role(role)))

    assert signed_in.get("/api/v1/users").status_code == 200
    assert signed_in.get(f"/api/v1/users/{user_id}/sessions").status_code == 200
    assert signed_in.delete(f"/api/v1/users/{user_id}/sessions").status_code == 403


def test_every_user_manages_their_own_sessions_without_a_role(signed_in: ApiClient) -> None:
    assert signed_in.get("/api/v1/me/sessions").status_code == 200
    assert signed_in.delete("/api/v1/me/sessions").status_code == 204
    assert signed_in.get(f"/api/v1/users/{id_of(signed_in)}/sessions").status_code == 403


def test_a_user_cannot_become_an_admin_over_http(signed_in: ApiClient) -> None:
    assert signed_in.patch("/api/v1/me/profile", json={"roles": ["admin"]}).status_code == 422
    assert signed_in.patch("/api/v1/me", json={"roles": ["admin"]}).status_code == 422
    assert signed_in.post(f"/api/v1/users/{id_of(signed_in)}/roles", json={"role": "admin"}).status_code == 404
    assert signed_in.get("/api/v1/me").json["data"]["roles"] == ["user"]


def test_an_admin_sees_the_roles_of_an_account(admin: ApiClient) -> None:
    admin.register_with_role("bob", Role("support"))

    users = admin.get("/api/v1/users").json["data"]

    assert {user["user_name"]: user["roles"] for user in users} == {
        "root": ["user", "admin"],
        "bob": ["user", "support"],
    }
