from collections.abc import Callable, Iterator

import pytest

from hexaccount_memory import MemoryMetrics
from hexaccount_redis import RedisLink
from tests.servers.redis import RedisServer


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Give a server that the tests of a module may kill and pause."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def frail(own_redis: RedisServer) -> Iterator[RedisServer]:
    """Give a server that runs before the test and after it, whatever happens in between."""
    if not own_redis.running:
        own_redis.start()
    yield own_redis
    if own_redis.running:
        own_redis.resume()


@pytest.fixture
def metrics() -> MemoryMetrics:
    return MemoryMetrics()


@pytest.fixture
def open_link(metrics: MemoryMetrics) -> Iterator[Callable[[str], RedisLink]]:
    """Return what opens a link to the server of a URL, to be closed after the test."""
    opened: list[RedisLink] = []

    def open_it(url: str) -> RedisLink:
        opened.append(RedisLink(url, metrics))
        return opened[-1]

    yield open_it
    for link in opened:
        link.close()
