"""Sessions end on two workers that share a Redis, also while Redis hangs, dies and loses its data."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests

from hexaccount_redis.session_cache import LIFETIME
from tests.servers.processes import RunningCommand
from tests.servers.redis import RedisServer, client
from tests.service.account import Account

pytestmark = pytest.mark.long

ROUNDS = 10
Headers = dict[str, str]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis"), saves=True) as server:
        yield server


@pytest.fixture
def running(redis: RedisServer, serving: Callable[..., Any]) -> Iterator[tuple[RunningCommand, str]]:
    """Yield a service of two workers on SQLite and this Redis, and its URL."""
    if not redis.running:
        redis.start()
    settings = {"HEXACCOUNT_CACHE": redis.url, "HEXACCOUNT_LIMITS__ENABLED": "false"}
    with serving("--workers", "2", **settings) as (command, url):
        yield command, url
    if redis.running:
        redis.resume()


@pytest.fixture
def ada(running: tuple[RunningCommand, str]) -> Account:
    account = Account(running[1], "ada")
    assert account.register().status_code == 201
    return account


def statuses(account: Account, headers: Headers, number: int = 8) -> set[int]:
    """Return the statuses of requests on new connections, which the kernel assigns to either worker."""
    return {account.get("/api/v1/me", {**headers, "Connection": "close"}).status_code for _ in range(number)}


def log_out(account: Account, headers: Headers) -> None:
    answer = requests.post(f"{account.url}/api/v1/public/logout", headers=headers, timeout=20)
    assert answer.status_code == 204


def end_other_sessions(account: Account, headers: Headers) -> None:
    answer = requests.delete(f"{account.url}/api/v1/me/sessions", headers=account.log_in(), timeout=20)
    assert answer.status_code == 204


def check_sessions_end_at_once(account: Account, rounds: int) -> None:
    """End cached sessions under parallel requests; each must be invalid at once on both workers."""
    with ThreadPoolExecutor(2) as pool:
        for number in range(rounds):
            headers = account.log_in()
            assert statuses(account, headers, 4) == {200}, number
            parallel = [pool.submit(statuses, account, headers, 6) for _ in range(2)]
            (log_out, end_other_sessions)[number % 2](account, headers)
            assert statuses(account, headers) == {401}, number
            for found in parallel:
                assert found.result() <= {200, 401}
            assert statuses(account, headers, 2) == {401}, number


def test_an_ended_session_is_invalid_at_the_next_request_on_all_processes(ada: Account) -> None:
    check_sessions_end_at_once(ada, ROUNDS)


def test_sessions_end_at_once_while_redis_is_flushed_killed_and_restarted(ada: Account, redis: RedisServer) -> None:
    done, chance = Event(), random.Random(1)

    def disrupt_redis() -> None:
        while not done.wait(chance.uniform(0.01, 0.3)):
            kind = chance.choice(["flush", "flush", "save", "kill", "kill"])
            if kind == "kill":
                redis.kill()
                done.wait(chance.choice([0, 0.1, 0.4]))
                redis.start()
            else:
                with client(redis.url) as connection:
                    connection.flushdb() if kind == "flush" else connection.save()

    disruption = Thread(target=disrupt_redis)
    disruption.start()
    try:
        check_sessions_end_at_once(ada, ROUNDS)
    finally:
        done.set()
        disruption.join()


def test_while_redis_hangs_no_request_fails_and_no_session_is_cached_longer_than_its_lifetime(
    ada: Account, redis: RedisServer, running: tuple[RunningCommand, str]
) -> None:
    for _ in range(2):
        headers, other = ada.log_in(), ada.log_in()
        assert statuses(ada, headers) == statuses(ada, other) == {200}
        redis.pause()
        log_out(ada, headers)
        ended = time.monotonic()
        assert statuses(ada, headers) == {401}
        assert statuses(ada, other) == {200}
        assert ada.get("/ready", {}).status_code == 200
        redis.resume()
        while time.monotonic() < ended + LIFETIME:
            assert statuses(ada, headers, 1) <= {200, 401}
            time.sleep(0.2)
        assert statuses(ada, headers) == {401}
        assert statuses(ada, other) == {200}
    assert "Redis is unavailable" in running[0].output
    assert "Redis is available again" in running[0].output


def test_disabling_an_account_takes_effect_at_once_with_the_cache_and_after_its_lifetime_without(
    ada: Account, redis: RedisServer, hexaccount: Callable[..., Any]
) -> None:
    for settings, patience in (({"HEXACCOUNT_CACHE": redis.url}, 0.0), ({}, LIFETIME + 1.0)):
        headers = ada.log_in()
        assert statuses(ada, headers) == {200}
        assert hexaccount("users", "disable", "ada", **settings).returncode == 0
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and statuses(ada, headers) != {401}:
            time.sleep(0.05)
        assert statuses(ada, headers) == {401}
        assert hexaccount("users", "enable", "ada", **settings).returncode == 0


def test_cached_sessions_are_valid_while_the_store_cannot_be_read(ada: Account, tmp_path: Path) -> None:
    headers = ada.log_in()
    assert statuses(ada, headers) == {200}
    with closing(sqlite3.connect(tmp_path / "hexaccount-data" / "hexaccount.db")) as connection:
        connection.execute("ALTER TABLE sessions RENAME TO hidden_sessions")
    assert statuses(ada, headers) == {200}
    time.sleep(LIFETIME + 0.1)
    assert 200 not in statuses(ada, headers, 1)
