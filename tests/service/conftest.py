import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import requests

from tests.servers import forked
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand

KEY = {"HEXACCOUNT_JWT__KEY": "a key of the sockets' tests, which is long enough"}


@dataclass(frozen=True)
class Account:
    """Somebody as HTTP clients meet the service."""

    url: str
    name: str
    password: str = "a long and winding road"

    def register(self) -> requests.Response:
        body = {"user_name": self.name, "email": f"{self.name}@example.org", "password": self.password}
        return requests.post(
            f"{self.url}/api/v1/public/register", json={**body, "first_name": "Ada", "last_name": "L"}, timeout=20
        )

    def log_in(self) -> dict[str, str]:
        body = {"user_name": self.name, "password": self.password}
        answer = requests.post(f"{self.url}/api/v1/public/login", json=body, timeout=20)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['data']['access']}"}

    def get(self, path: str, headers: dict[str, str]) -> requests.Response:
        return requests.get(f"{self.url}{path}", headers=headers, timeout=20)


@contextmanager
def without_settings() -> Iterator[None]:
    """Keep the settings of whoever runs the tests away from what is started in the block."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("HEXACCOUNT_") and "_TEST_" not in name]:
            environment.delenv(name)
        yield


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Give the settings of a quick service, and keep those of whoever runs the tests away."""
    # Everything is logged, so that the canary hears everything.
    with without_settings():
        yield {"HEXACCOUNT_PASSWORD__COST": "4", "HEXACCOUNT_LOG__LEVEL": "debug"}


@pytest.fixture
def hexaccount(tmp_path: Path, environment: dict[str, str]) -> Callable[..., CompletedProcess[str]]:
    """Give a function that runs a command in an empty directory until it ends."""

    def command(*arguments: str, text: str = "", **settings: str) -> CompletedProcess[str]:
        env = {**os.environ, **environment, **settings}
        return forked.run(arguments, cwd=tmp_path, env=env, text=text)

    return command


@pytest.fixture
def serving(tmp_path: Path, environment: dict[str, str]) -> Callable[..., object]:
    """Give a function that serves in that directory while its block runs, and yields the command and its URL."""

    @contextmanager
    def serve(*arguments: str, **settings: str) -> Iterator[tuple[RunningCommand, str]]:
        port = free_port()
        argv = ["http", "--port", str(port), *arguments]
        url, output = f"http://127.0.0.1:{port}", tmp_path / "output"
        with forked.running(argv, output=output, env={**environment, **settings}, cwd=tmp_path) as command:
            command.wait_for_ok(f"{url}/ready", timeout=60)
            yield command, url

    return serve


@pytest.fixture
def sockets(tmp_path: Path, environment: dict[str, str]) -> Callable[..., Any]:
    """Give a function that holds sockets while its block runs, and yields the command, its URL and its output."""

    @contextmanager
    def hold(*arguments: str, port: str = "", **settings: str) -> Iterator[tuple[RunningCommand, str, Path]]:
        port = port or str(free_port())
        argv = ["realtime", "--port", port, *arguments]
        url, output = f"http://127.0.0.1:{port}", tmp_path / "realtime"
        with forked.running(argv, output=output, env={**environment, **settings}, cwd=tmp_path) as command:
            command.wait_for_ok(f"{url}/ready", timeout=60)
            yield command, url, output

    return hold


@pytest.fixture
def settings(tmp_path: Path, hexaccount: Callable[..., CompletedProcess[str]]) -> dict[str, str]:
    settings = {"HEXACCOUNT_STORE": f"sqlite:///{tmp_path}/accounts.db", **KEY}
    assert hexaccount("migrate", **settings).returncode == 0
    return settings
