"""The figures that a service of two workers tells, whichever of them is asked."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.servers import forked
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand
from tests.servers.redis import RedisServer
from tests.service.conftest import Account

pytestmark = pytest.mark.long


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def running(redis: RedisServer, serving: Callable[..., Any]) -> Iterator[tuple[RunningCommand, str]]:
    settings = {"HEXACCOUNT_CACHE": redis.url, "HEXACCOUNT_LIMITS__ENABLED": "false"}
    with serving("--workers", "2", **settings) as (command, url):
        yield command, url


def figures(url: str) -> dict[str, float]:
    """Return what either worker tells, by names and labels; it must be the same for both."""
    answer = requests.get(f"{url}/metrics", timeout=10)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def wait_for(url: str, name: str, figure: float, meanwhile: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + 20
    while (seen := figures(url)[name]) != figure:
        assert time.monotonic() < deadline, f"{name} is {seen}"
        meanwhile()
        time.sleep(0.05)


def test_a_lost_cache_is_told_until_every_worker_has_it_again(
    running: tuple[RunningCommand, str], redis: RedisServer
) -> None:
    _, url = running
    account = Account(url, "ada")
    account.register()
    headers = account.log_in()

    def ask() -> None:
        assert account.get("/api/v1/me", {**headers, "Connection": "close"}).status_code == 200

    ask()
    before = figures(url)
    assert (before["hexaccount_cache_reachable"], before["hexaccount_cache_outages_total"]) == (1, 0)
    redis.kill()
    wait_for(url, "hexaccount_cache_outages_total", 2, ask)  # each worker has lost it, and each once
    assert figures(url)["hexaccount_cache_reachable"] == 0
    redis.start()
    wait_for(url, "hexaccount_cache_reachable", 1, ask)
    assert figures(url)["hexaccount_cache_outages_total"] == 2


def test_what_a_killed_worker_said_of_itself_is_forgotten_and_what_it_counted_is_not(
    running: tuple[RunningCommand, str], redis: RedisServer
) -> None:
    command, url = running
    account = Account(url, "ada")
    account.register()
    headers = account.log_in()
    redis.kill()
    wait_for(url, "hexaccount_cache_outages_total", 2, partial(account.get, "/api/v1/me", headers))
    redis.start()
    for worker in workers_of(command.process.pid):
        os.kill(worker, signal.SIGKILL)
    command.wait_for_ok(f"{url}/ready")
    wait_for(url, "hexaccount_cache_reachable", 1)  # without a request: the new workers have not lost it
    wait_for(url, "hexaccount_processes", 2)
    assert figures(url)["hexaccount_cache_outages_total"] == 2


def test_a_cache_that_is_away_is_told_of_before_anybody_needs_it(tmp_path: Path, environment: dict[str, str]) -> None:
    port = free_port()
    env = {**environment, "HEXACCOUNT_CACHE": f"redis://127.0.0.1:{free_port()}/0"}
    argv = ["http", "--port", str(port)]
    with forked.running(argv, output=tmp_path / "output", env=env, cwd=tmp_path) as command:
        url = f"http://127.0.0.1:{port}"
        command.wait_for_ok(f"{url}/health", timeout=60)  # and not /ready, which looks too
        wait_for(url, "hexaccount_cache_reachable", 0)


def test_who_asks_whether_all_is_ready_is_told_of_a_cache_that_nobody_has_needed(serving: Callable[..., Any]) -> None:
    cache = f"redis://127.0.0.1:{free_port()}/0"
    with serving(HEXACCOUNT_CACHE=cache, HEXACCOUNT_METRICS__ENABLED="false") as (_, url):
        assert requests.get(f"{url}/ready", timeout=10).json()["data"]["degraded"] == ["cache"]


def test_what_the_front_refuses_is_told_by_its_code(serving: Callable[..., Any]) -> None:
    with serving("--workers", "2") as (_, url):
        for _ in range(3):
            refused = requests.post(f"{url}/api/v1/public/login", data=b"x" * 70_000, timeout=10)
            assert refused.status_code == 413
        told = figures(url)
    assert told["hexaccount_http_refusals_total body_too_large 413"] == 3
    assert told["hexaccount_http_refusals_total overloaded 503"] == 0
    assert told["hexaccount_ready"] == 1


def test_who_wants_no_figures_has_none_and_no_port_for_them(
    serving: Callable[..., Any], hexaccount: Callable[..., CompletedProcess[str]]
) -> None:
    with serving(HEXACCOUNT_METRICS__ENABLED="false") as (_, url):
        assert requests.get(f"{url}/metrics", timeout=10).status_code == 404
    refused = hexaccount("relay", "--metrics-port", "0", HEXACCOUNT_METRICS__ENABLED="false")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "metrics.enabled" in refused.stderr


def test_a_relay_whose_port_is_taken_says_so_and_delivers_nothing(
    hexaccount: Callable[..., CompletedProcess[str]],
) -> None:
    assert hexaccount("migrate").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = hexaccount("relay", "--metrics-port", str(port))
    assert (refused.returncode, refused.stdout) == (3, "")
    assert f"cannot listen on 127.0.0.1 port {port}" in refused.stderr
    assert "--metrics-port" in refused.stderr


def workers_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
