"""What a cache may know, and for how long."""

from collections.abc import Callable
from uuid import UUID

import pytest

from hexaccount.sessions.ports import CachedSession, CacheFill
from hexaccount_redis import RedisLink, RedisSessionCache
from hexaccount_redis.session_cache import LIFETIME, MARK_LIFETIME
from tests.adapters.redis.sessions import JULIET, LAPTOP, PHONE, ROMEO, known
from tests.servers.redis import client


@pytest.fixture
def cache(redis_url: str, open_link: Callable[[str], RedisLink]) -> RedisSessionCache:
    return RedisSessionCache(open_link(redis_url))


@pytest.fixture
def another(redis_url: str, open_link: Callable[[str], RedisLink]) -> RedisSessionCache:
    return RedisSessionCache(open_link(redis_url))


def lease(cache: RedisSessionCache, user_id: UUID = JULIET, session_id: UUID = PHONE) -> CacheFill:
    found = cache.find(user_id, session_id)
    assert isinstance(found, CacheFill)
    return found


def remember(cache: RedisSessionCache, user_id: UUID = JULIET, session_id: UUID = PHONE) -> CachedSession:
    session = known(session_id, user_id)
    cache.keep(lease(cache, user_id, session_id), session)
    return session


def test_what_is_kept_is_found_as_it_was_by_every_process(cache: RedisSessionCache, another: RedisSessionCache) -> None:
    session = remember(cache)
    assert cache.find(JULIET, PHONE) == another.find(JULIET, PHONE) == session
    assert isinstance(another.find(JULIET, LAPTOP), CacheFill)
    assert isinstance(another.find(ROMEO, PHONE), CacheFill)


def test_only_one_reader_at_a_time_may_keep_a_session(cache: RedisSessionCache, another: RedisSessionCache) -> None:
    first = lease(cache)
    assert another.find(JULIET, PHONE) is None
    another.keep(CacheFill(user_id=JULIET, session_id=PHONE, token="?of nobody"), known())
    assert cache.find(JULIET, PHONE) is None
    cache.keep(first, known())
    assert another.find(JULIET, PHONE) == known()


def test_a_mark_forgets_all_sessions_of_its_user_and_has_the_store_asked(
    cache: RedisSessionCache, another: RedisSessionCache
) -> None:
    remember(cache, JULIET, PHONE)
    waiting = lease(cache, JULIET, LAPTOP)
    other = remember(cache, ROMEO, PHONE)
    assert another.invalidate({JULIET})
    for session_id in (PHONE, LAPTOP):
        assert cache.find(JULIET, session_id) is None
    cache.keep(waiting, known(LAPTOP))
    assert cache.find(JULIET, LAPTOP) is None
    assert cache.find(ROMEO, PHONE) == other


def test_a_mark_that_a_crash_has_left_ends_by_itself(cache: RedisSessionCache, redis_url: str) -> None:
    cache.invalidate({JULIET, ROMEO})
    with client(redis_url) as connection:
        lives = [connection.pttl(key) for key in connection.scan_iter()]
        assert len(lives) == 2
        assert all(0 < life <= MARK_LIFETIME * 1000 for life in lives)
        for key in connection.scan_iter():
            connection.pexpire(key, 0)
    remember(cache)


def test_what_is_known_is_never_older_than_its_lease_and_no_older_than_the_bound(
    cache: RedisSessionCache, redis_url: str
) -> None:
    with client(redis_url) as connection:
        waiting = lease(cache)
        (key,) = connection.scan_iter()
        assert LIFETIME * 1000 - 1000 < connection.pttl(key) <= LIFETIME * 1000
        connection.pexpire(key, 1500)
        cache.keep(waiting, known())
        remember(cache, JULIET, LAPTOP)
        assert 0 < connection.pttl(key) <= 1500  # neither has made it live longer
        connection.pexpire(key, 0)
        cache.keep(waiting, known())
        assert isinstance(cache.find(JULIET, PHONE), CacheFill)


def test_what_another_version_has_written_is_not_known(cache: RedisSessionCache, redis_url: str) -> None:
    remember(cache)
    with client(redis_url) as connection:
        (key,) = connection.scan_iter()
        for text in ("=", "={}", "=nonsense", "?", "nonsense", '={"id":"1"}'):
            connection.hset(key, PHONE.hex, text)
            assert cache.find(JULIET, PHONE) is None
