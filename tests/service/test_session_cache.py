"""Ended sessions as clients meet them, on two worker processes that share a Redis, whatever happens to that."""

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
from tests.service.conftest import Account

pytestmark = pytest.mark.long

ROUNDS = 25
Headers = dict[str, str]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis"), saves=True) as server:
        yield server


@pytest.fixture
def running(redis: RedisServer, serving: Callable[..., Any]) -> Iterator[tuple[RunningCommand, str]]:
    """Give a service of two workers on SQLite and this Redis, and its address."""
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
    """Return the answers to requests on connections of their own, which the kernel gives to either worker."""
    return {account.get("/api/v1/me", {**headers, "Connection": "close"}).status_code for _ in range(number)}


def log_out(account: Account, headers: Headers) -> None:
    answer = requests.post(f"{account.url}/api/v1/public/logout", headers=headers, timeout=20)
    assert answer.status_code == 204


def end_others(account: Account, headers: Headers) -> None:
    answer = requests.delete(f"{account.url}/api/v1/me/sessions", headers=account.log_in(), timeout=20)
    assert answer.status_code == 204


def ended_at_once(account: Account, rounds: int) -> None:
    """End known sessions one after the other, while others keep asking, and see each dead at once everywhere."""
    with ThreadPoolExecutor(2) as others:
        for number in range(rounds):
            headers = account.log_in()
            assert statuses(account, headers, 4) == {200}, number
            asking = [others.submit(statuses, account, headers, 6) for _ in range(2)]
            (log_out, end_others)[number % 2](account, headers)
            assert statuses(account, headers) == {401}, number
            for answers in asking:
                assert answers.result() <= {200, 401}
            assert statuses(account, headers, 2) == {401}, number


def test_an_ended_session_is_dead_at_the_next_request_on_all_processes(ada: Account) -> None:
    ended_at_once(ada, ROUNDS)


def test_so_it_is_while_redis_loses_everything_and_is_killed_and_comes_back(ada: Account, redis: RedisServer) -> None:
    done, chance = Event(), random.Random(1)

    def trouble() -> None:
        while not done.wait(chance.uniform(0.01, 0.3)):
            kind = chance.choice(["flush", "flush", "save", "kill", "kill"])
            if kind == "kill":
                redis.kill()
                done.wait(chance.choice([0, 0.1, 0.4]))
                redis.start()
            else:
                with client(redis.url) as connection:
                    connection.flushdb() if kind == "flush" else connection.save()

    maker = Thread(target=trouble)
    maker.start()
    try:
        ended_at_once(ada, ROUNDS)
    finally:
        done.set()
        maker.join()


def test_while_redis_hangs_nothing_fails_and_no_session_is_known_for_longer_than_the_bound(
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
    assert "Redis is lost" in running[0].output
    assert "Redis is back" in running[0].output


def test_a_disabled_account_is_locked_out_at_once_by_a_command_line_with_the_cache_and_soon_by_one_without(
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


def test_known_sessions_are_answered_while_nobody_can_read_the_store(ada: Account, tmp_path: Path) -> None:
    headers = ada.log_in()
    assert statuses(ada, headers) == {200}
    with closing(sqlite3.connect(tmp_path / "hexaccount-data" / "hexaccount.db")) as connection:
        connection.execute("ALTER TABLE sessions RENAME TO hidden_sessions")
    assert statuses(ada, headers) == {200}
    time.sleep(LIFETIME + 0.1)
    assert 200 not in statuses(ada, headers, 1)
