"""A fixed round of requests to a running service, and the shape of the answer to each."""

from collections.abc import Callable
from typing import Any

import requests

from tests.documented.contract.shapes import shape_of

_STATED_HEADERS = {
    "allow", "cache-control", "content-type", "ratelimit-policy", "retry-after", "vary", "www-authenticate",
    "access-control-allow-methods", "accept-patch", "accept-post", "content-security-policy",
}  # fmt: skip
"""Headers whose values are the same in every run; of others the name counts."""
_PUBLIC, _ME = "/api/v1/public", "/api/v1/me"
_PASSWORD, _NEXT_PASSWORD = "correct horse battery", "staple correct horse"
_USER = {"user_name": "maria", "email": "maria@example.org", "first_name": "Maria", "last_name": "Fernandez"}
_NOBODY = "00000000-0000-7000-8000-000000000000"


class _Round:
    """Sends requests one after the other, and keeps the shape of each answer by what it is called."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self.token = ""
        self.shapes: dict[str, Any] = {}

    def send(self, name: str, method: str, path: str, *, token: bool = False, **more: Any) -> requests.Response:
        headers = {**more.pop("headers", {}), **({"Authorization": f"Bearer {self.token}"} if token else {})}
        answer = self._session.request(
            method, self._url + path, headers=headers, timeout=30, allow_redirects=False, **more
        )
        is_json = answer.headers.get("Content-Type", "").endswith("json") and answer.content
        self.shapes[name] = {
            "status": answer.status_code,
            "headers": {
                header.lower(): value if header.lower() in _STATED_HEADERS else "any"
                for header, value in answer.headers.items()
            },
            "body": shape_of(answer.json()) if is_json and path not in {"/swagger.json", "/asyncapi.json"} else None,
        }
        return answer


def answers_of_each_kind(
    url: str, *, wait_for_projection: Callable[[], None], make_admin: Callable[[str], None]
) -> dict[str, Any]:
    """Return the shape of each answer: status, headers, and the JSON with the types of its values.

    `make_admin` gives the user of that name the role that may read and change all accounts.
    """
    one = _Round(url)
    _send_what_needs_no_account(one)
    one.send("register", "POST", f"{_PUBLIC}/register", json={**_USER, "password": _PASSWORD})
    one.send("register again", "POST", f"{_PUBLIC}/register", json={**_USER, "password": _PASSWORD})
    wait_for_projection()
    one.send("login, wrong", "POST", f"{_PUBLIC}/login", json={"user_name": "maria", "password": "wrong password"})
    login = one.send("login", "POST", f"{_PUBLIC}/login", json={"user_name": "maria", "password": _PASSWORD})
    refreshed = one.send(
        "refresh", "POST", f"{_PUBLIC}/refresh", json={"refresh": login.json()["data"]["refresh"]}
    ).json()
    one.token = refreshed["data"]["access"]
    _send_what_an_account_may(one)
    make_admin(_USER["user_name"])
    _send_what_an_admin_may(one)
    one.send("logout", "POST", f"{_PUBLIC}/logout", token=True)
    one.send("me, logged out", "GET", _ME, token=True)
    return one.shapes


def _send_what_needs_no_account(one: _Round) -> None:
    for path in ("/health", "/ready", "/metrics", "/.well-known/jwks.json", "/swagger.json", "/asyncapi.json"):
        one.send(f"GET {path}", "GET", path)
    for path in ("/swagger", "/swagger/", "/swagger/index.html", f"{_PUBLIC}/avatar/maria", "/nothing", _ME):
        one.send(f"GET {path}", "GET", path)
    one.send("HEAD", "HEAD", "/health")
    one.send("OPTIONS", "OPTIONS", "/health")
    one.send("wrong method", "PUT", "/health")
    one.send("malformed", "POST", f"{_PUBLIC}/login", data="{", headers={"Content-Type": "application/json"})
    one.send("wrong media type", "POST", f"{_PUBLIC}/login", data="a", headers={"Content-Type": "text/plain"})
    one.send("nothing given", "POST", f"{_PUBLIC}/register", json={})
    one.send("unknown member", "POST", f"{_PUBLIC}/login", json={"user_name": "a", "password": "b", "more": 1})
    one.send("wrong refresh token", "POST", f"{_PUBLIC}/refresh", json={"refresh": "wrong"})
    one.send("wrong token", "GET", _ME, headers={"Authorization": "Bearer wrong"})


def _send_what_an_account_may(one: _Round) -> None:
    one.send("me", "GET", _ME, token=True)
    profile = one.send("profile", "GET", f"{_ME}/profile", token=True)
    media_type = {"Content-Type": "application/merge-patch+json"}
    old = {**media_type, "If-Match": profile.headers["ETag"]}
    one.send("change profile", "PATCH", f"{_ME}/profile", data='{"bio": "Writes."}', headers=media_type, token=True)
    one.send("change an old profile", "PATCH", f"{_ME}/profile", data='{"bio": null}', headers=old, token=True)
    one.send("my sessions", "GET", f"{_ME}/sessions", token=True)
    one.send("no such session", "DELETE", f"{_ME}/sessions/{_NOBODY}", token=True)
    wrong = {"current_password": "wrong password", "new_password": _NEXT_PASSWORD}
    one.send("change password, wrong", "POST", f"{_ME}/password", json=wrong, token=True)
    right = {"current_password": _PASSWORD, "new_password": _NEXT_PASSWORD}
    one.send("change password", "POST", f"{_ME}/password", json=right, token=True)
    one.send("end my other sessions", "DELETE", f"{_ME}/sessions", token=True)
    one.send("users, not allowed", "GET", "/api/v1/users", token=True)
    one.send("user, not allowed", "GET", f"/api/v1/users/{_NOBODY}", token=True)


def _send_what_an_admin_may(one: _Round) -> None:
    users = one.send("users", "GET", "/api/v1/users?limit=1", token=True).json()["data"]
    user = f"/api/v1/users/{users[0]['id']}"
    one.send("user", "GET", user, token=True)
    one.send("no such user", "GET", f"/api/v1/users/{_NOBODY}", token=True)
    one.send("sessions of a user", "GET", f"{user}/sessions", token=True)
    one.send("no such session of a user", "DELETE", f"{user}/sessions/{_NOBODY}", token=True)
    one.send("wrong limit", "GET", "/api/v1/users?limit=0", token=True)
    one.send("wrong page", "GET", "/api/v1/users?after=wrong", token=True)
