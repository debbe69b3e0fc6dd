"""The metrics of a service of two workers; each worker returns those of both."""

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
from tests.service.account import Account

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


def metrics_of(url: str) -> dict[str, float]:
    """Return the values of one worker's response by name and labels."""
    answer = requests.get(f"{url}/metrics", timeout=10)
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def wait_for(url: str, name: str, value: float, meanwhile: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + 20
    while (seen := metrics_of(url)[name]) != value:
        assert time.monotonic() < deadline, f"{name} is {seen}"
        meanwhile()
        time.sleep(0.05)


def test_a_lost_cache_is_reported_until_every_worker_has_reconnected(
    running: tuple[RunningCommand, str], redis: RedisServer
) -> None:
    _, url = running
    account = Account(url, "ada")
    account.register()
    headers = account.log_in()

    def request() -> None:
        assert account.get("/api/v1/me", {**headers, "Connection": "close"}).status_code == 200

    request()
    before = metrics_of(url)
    assert (before["hexaccount_cache_reachable"], before["hexaccount_cache_outages_total"]) == (1, 0)
    redis.kill()
    wait_for(url, "hexaccount_cache_outages_total", 2, request)  # each worker counts the outage once
    assert metrics_of(url)["hexaccount_cache_reachable"] == 0
    redis.start()
    wait_for(url, "hexaccount_cache_reachable", 1, request)
    assert metrics_of(url)["hexaccount_cache_outages_total"] == 2


def test_states_of_a_killed_worker_are_dropped_and_its_counts_stay(
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
    wait_for(url, "hexaccount_cache_reachable", 1)  # without a request: the new workers have seen no outage
    wait_for(url, "hexaccount_processes", 2)
    assert metrics_of(url)["hexaccount_cache_outages_total"] == 2


def test_an_unreachable_cache_is_reported_before_a_request_needs_it(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    port = free_port()
    env = {**environment, "HEXACCOUNT_CACHE": f"redis://127.0.0.1:{free_port()}/0"}
    argv = ["http", "--port", str(port)]
    with forked.running(argv, output=tmp_path / "output", env=env, cwd=tmp_path) as command:
        url = f"http://127.0.0.1:{port}"
        command.wait_for_ok(f"{url}/health", timeout=60)  # not /ready, which checks the cache too
        wait_for(url, "hexaccount_cache_reachable", 0)


def test_readiness_reports_an_unreachable_cache_that_no_request_has_needed(serving: Callable[..., Any]) -> None:
    cache = f"redis://127.0.0.1:{free_port()}/0"
    with serving(HEXACCOUNT_CACHE=cache, HEXACCOUNT_METRICS__ENABLED="false") as (_, url):
        assert requests.get(f"{url}/ready", timeout=10).json()["data"]["degraded"] == ["cache"]


def test_requests_refused_before_a_route_are_counted_by_code(serving: Callable[..., Any]) -> None:
    with serving("--workers", "2") as (_, url):
        for _ in range(3):
            refused = requests.post(f"{url}/api/v1/public/login", data=b"x" * 70_000, timeout=10)
            assert refused.status_code == 413
        metrics = metrics_of(url)
    assert metrics["hexaccount_http_refusals_total body_too_large 413"] == 3
    assert metrics["hexaccount_http_refusals_total overloaded 503"] == 0
    assert metrics["hexaccount_ready"] == 1


def test_without_metrics_there_is_no_route_and_no_port_for_them(
    serving: Callable[..., Any], hexaccount: Callable[..., CompletedProcess[str]]
) -> None:
    with serving(HEXACCOUNT_METRICS__ENABLED="false") as (_, url):
        assert requests.get(f"{url}/metrics", timeout=10).status_code == 404
    refused = hexaccount("relay", "--metrics-port", "0", HEXACCOUNT_METRICS__ENABLED="false")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "metrics.enabled" in refused.stderr


def test_a_relay_whose_metrics_port_is_in_use_names_the_option_and_delivers_nothing(
    hexaccount: Callable[..., CompletedProcess[str]],
) -> None:
    assert hexaccount("migrate").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        refused = hexaccount("relay", "--metrics-port", str(port))
    assert (refused.returncode, refused.stdout) == (3, "")
    assert f"cannot listen on 127.0.0.1 port {port}" in refused.stderr
    assert "--metrics-port" in refused.stderr


def workers_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
