"""Which sessions a cache may store, and for how long."""

from collections.abc import Callable
from uuid import UUID

import pytest

from hexaccount.sessions.ports import CachedSession, CacheFill
from hexaccount_redis import RedisClient, RedisSessionCache
from hexaccount_redis.session_cache import INVALIDATION_LIFETIME, LIFETIME
from tests.adapters.redis.sessions import JULIET, LAPTOP, PHONE, ROMEO, cached
from tests.servers.redis import client


@pytest.fixture
def cache(redis_url: str, open_client: Callable[[str], RedisClient]) -> RedisSessionCache:
    return RedisSessionCache(open_client(redis_url))


@pytest.fixture
def another(redis_url: str, open_client: Callable[[str], RedisClient]) -> RedisSessionCache:
    return RedisSessionCache(open_client(redis_url))


def lease(cache: RedisSessionCache, user_id: UUID = JULIET, session_id: UUID = PHONE) -> CacheFill:
    found = cache.find(user_id, session_id)
    assert isinstance(found, CacheFill)
    return found


def store(cache: RedisSessionCache, user_id: UUID = JULIET, session_id: UUID = PHONE) -> CachedSession:
    session = cached(session_id, user_id)
    cache.fill(lease(cache, user_id, session_id), session)
    return session


def test_every_process_finds_an_equal_session(cache: RedisSessionCache, another: RedisSessionCache) -> None:
    session = store(cache)
    assert cache.find(JULIET, PHONE) == another.find(JULIET, PHONE) == session
    assert isinstance(another.find(JULIET, LAPTOP), CacheFill)
    assert isinstance(another.find(ROMEO, PHONE), CacheFill)


def test_only_the_holder_of_the_lease_may_store_a_session(cache: RedisSessionCache, another: RedisSessionCache) -> None:
    first = lease(cache)
    assert another.find(JULIET, PHONE) is None
    another.fill(CacheFill(user_id=JULIET, session_id=PHONE, token="?unknown"), cached())
    assert cache.find(JULIET, PHONE) is None
    cache.fill(first, cached())
    assert another.find(JULIET, PHONE) == cached()


def test_an_invalidation_removes_all_sessions_of_the_user_and_stops_caching(
    cache: RedisSessionCache, another: RedisSessionCache
) -> None:
    store(cache, JULIET, PHONE)
    waiting = lease(cache, JULIET, LAPTOP)
    other = store(cache, ROMEO, PHONE)
    assert another.invalidate({JULIET})
    for session_id in (PHONE, LAPTOP):
        assert cache.find(JULIET, session_id) is None
    cache.fill(waiting, cached(LAPTOP))
    assert cache.find(JULIET, LAPTOP) is None
    assert cache.find(ROMEO, PHONE) == other


def test_an_invalidation_expires(cache: RedisSessionCache, redis_url: str) -> None:
    cache.invalidate({JULIET, ROMEO})
    with client(redis_url) as connection:
        ttls = [connection.pttl(key) for key in connection.scan_iter()]
        assert len(ttls) == 2
        assert all(0 < ttl <= INVALIDATION_LIFETIME * 1000 for ttl in ttls)
        for key in connection.scan_iter():
            connection.pexpire(key, 0)
    store(cache)


def test_a_session_expires_with_its_lease_and_within_the_lifetime(cache: RedisSessionCache, redis_url: str) -> None:
    with client(redis_url) as connection:
        waiting = lease(cache)
        (key,) = connection.scan_iter()
        assert LIFETIME * 1000 - 1000 < connection.pttl(key) <= LIFETIME * 1000
        connection.pexpire(key, 1500)
        cache.fill(waiting, cached())
        store(cache, JULIET, LAPTOP)
        assert 0 < connection.pttl(key) <= 1500  # neither extends it
        connection.pexpire(key, 0)
        cache.fill(waiting, cached())
        assert isinstance(cache.find(JULIET, PHONE), CacheFill)


def test_entries_of_another_version_are_ignored(cache: RedisSessionCache, redis_url: str) -> None:
    store(cache)
    with client(redis_url) as connection:
        (key,) = connection.scan_iter()
        for text in ("=", "={}", "=nonsense", "?", "nonsense", '={"id":"1"}'):
            connection.hset(key, PHONE.hex, text)
            assert cache.find(JULIET, PHONE) is None
