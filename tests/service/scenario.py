"""Requests of every outcome, and the log that a service writes for them."""

import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.service.account import Account

PRINTED = re.compile(r"made a signing key in .+|the schema is version \d+|listening on .+|stopping")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
IN_A_PATH = "01a2042f-6ad2-7003-9b5b-25c9d4a7a06c"
IN_A_QUERY = "7003-9b5b-in-a-query"
LOGIN = "/api/v1/public/login"


@dataclass(frozen=True)
class Scenario:
    """The responses of a service, and its log."""

    lines: list[dict[str, Any]]
    answered: list[tuple[str, str, int]]
    """Request id, method and status of each response."""

    def line_of(self, request_id: str) -> dict[str, Any]:
        (line,) = [line for line in self.requests() if line["http.request.id"] == request_id]
        return line

    def requests(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["log.logger"] == "hexaccount.requests"]


def json_lines(output: str) -> list[str]:
    """Return the log lines; standard output may have only the expected lines."""
    lines = output.splitlines()
    assert [line for line in lines if not line.startswith("{") and not PRINTED.fullmatch(line)] == []
    return [line for line in lines if line.startswith("{")]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def run_scenario(url: str, database: Path) -> list[tuple[str, str, int]]:
    """Send valid and invalid requests, and return the responses."""
    answered = []

    def record(answer: requests.Response, status: int) -> Any:
        assert answer.status_code == status, answer.text
        answered.append((answer.headers["X-Request-ID"], str(answer.request.method), status))
        return answer.json()["data"] if status == 200 else None

    def post(path: str, status: int, **options: Any) -> Any:
        return record(requests.post(f"{url}{path}", timeout=20, **options), status)

    def get(path: str, status: int, **options: Any) -> Any:
        return record(requests.get(f"{url}{path}", timeout=20, **options), status)

    ada, bob = Account(url, "ada"), Account(url, "bob")
    record(ada.register(), 201)
    record(bob.register(), 201)
    credentials = {"user_name": "ada", "password": ada.password}
    tokens = post(LOGIN, 200, json=credentials, headers={"traceparent": TRACE})
    bearer = {"Authorization": f"Bearer {tokens['access']}"}
    get("/api/v1/me", 200, headers=bearer)
    post(LOGIN, 401, json={**credentials, "password": "not a long and winding road"})
    tokens = post("/api/v1/public/refresh", 200, json={"refresh": tokens["refresh"]})
    get(f"/api/v1/users/{IN_A_PATH}", 403, headers=bearer)
    get(f"/missing/{IN_A_PATH}?token={IN_A_QUERY}", 404)
    post(LOGIN, 413, data=b"x" * 70_000)
    bearer_of_bob = bob.log_in()
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE users SET registered_at = 'long ago' WHERE name = 'bob'")
    connection.close()
    get("/api/v1/me", 500, headers=bearer_of_bob)
    post("/api/v1/public/logout", 204, headers=bearer)
    get("/api/v1/me", 401, headers=bearer)
    return answered
