from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from hexaccount.sessions.list_sessions import READ_SESSIONS
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryMetrics
from hexaccount_redis import RedisClient, RedisStream, RedisStreamPublisher
from tests.adapters.redis.services import ServiceOpener
from tests.adapters.redis.streams import Opener
from tests.servers.redis import RedisServer, client
from tests.signing_key import SIGNING_KEY


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server that the tests of a module may kill and pause."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def flaky_redis(own_redis: RedisServer) -> Iterator[RedisServer]:
    """A server that runs again after the test, whatever the test does to it."""
    if not own_redis.running:
        own_redis.start()
    yield own_redis
    if own_redis.running:
        own_redis.resume()


@pytest.fixture
def metrics() -> MemoryMetrics:
    return MemoryMetrics()


@pytest.fixture
def open_client(metrics: MemoryMetrics) -> Iterator[Callable[[str], RedisClient]]:
    """Return a function that opens a client of the server of a URL and closes it after the test."""
    opened: list[RedisClient] = []

    def open_it(url: str) -> RedisClient:
        opened.append(RedisClient(url, metrics))
        return opened[-1]

    yield open_it
    for one in opened:
        one.close()


@pytest.fixture
def open_publisher() -> Iterator[Opener]:
    opened: list[RedisStreamPublisher] = []

    def open_it(url: str) -> RedisStreamPublisher:
        opened.append(RedisStreamPublisher(RedisStream.of(url)))
        return opened[-1]

    yield open_it
    for publisher in opened:
        publisher.close()


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with client(redis_url) as connection:
        yield connection


@pytest.fixture
def clock() -> AdjustableClock:
    return AdjustableClock()


@pytest.fixture
def open_one(tmp_path: Path, clock: AdjustableClock) -> Iterator[ServiceOpener]:
    """Return a function that opens one process's service on the store of the test."""
    with ExitStack() as stack:

        def open_it(cache: str | None, *, limits: bool = False, **options: Any) -> Service:
            settings = Settings(
                store=f"sqlite:///{tmp_path}/hexaccount.db",
                cache=cache,
                jwt=JwtSettings(key=SIGNING_KEY),
                password=PasswordSettings(cost=4),
                limits=LimitSettings(enabled=limits),
                roles={"helper": [READ_SESSIONS]},
            )
            service = stack.enter_context(open_service(settings, clock=clock, **options))
            service.store.migrate()
            service.subscribe()
            return service

        yield open_it
