import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.servers import forked
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand

KEY = {"HEXACCOUNT_JWT__KEY": "a key of the sockets' tests, which is long enough"}


@contextmanager
def without_settings() -> Iterator[None]:
    """Hide the settings of this environment from what the block starts."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("HEXACCOUNT_") and "_TEST_" not in name]:
            environment.delenv(name)
        yield


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """Yield the settings of a service with fast hashes, and hide those of this environment."""
    # The canary searches the log, so everything is logged.
    with without_settings():
        yield {"HEXACCOUNT_PASSWORD__COST": "4", "HEXACCOUNT_LOG__LEVEL": "debug"}


@pytest.fixture
def hexaccount(tmp_path: Path, environment: dict[str, str]) -> Callable[..., CompletedProcess[str]]:
    """Return a function that runs a command in an empty directory to its end."""

    def command(*arguments: str, text: str = "", **settings: str) -> CompletedProcess[str]:
        env = {**os.environ, **environment, **settings}
        return forked.run(arguments, cwd=tmp_path, env=env, text=text)

    return command


@pytest.fixture
def serving(tmp_path: Path, environment: dict[str, str]) -> Callable[..., object]:
    """Return a context manager that serves in that directory, and yields the command and its URL."""

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
    """Return a context manager that runs `hexaccount realtime`, and yields the command, its URL and its output."""

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


@pytest.fixture
def garbage_collected() -> Iterator[None]:
    """Collect unclosed sockets of clients after their test, not during another one."""
    yield
    gc.collect()
