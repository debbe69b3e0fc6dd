"""What a process does without its Redis: go on at once, say so once, and notice when it is back."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hexaccount.rate_limits.ports import RateLimitStoreUnavailable
from hexaccount.rate_limits.rate_limit import GcraBucket, RateLimit
from hexaccount.sessions.metrics import CACHE_OUTAGES, CACHE_REACHABLE
from hexaccount.sessions.ports import CachedSession, CacheFill
from hexaccount_memory import MemoryMetrics
from hexaccount_redis import RedisLink, RedisRateLimitStore, RedisSessionCache, Refused
from tests.adapters.redis.sessions import JULIET, NOON, PHONE, known
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer, client

LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))
A_PAUSE = 1.1


def seconds(deed: Callable[[], Any]) -> float:
    began = time.monotonic()
    deed()
    return time.monotonic() - began


def told(metrics: MemoryMetrics) -> tuple[float, float]:
    return metrics.figure(CACHE_REACHABLE), metrics.figure(CACHE_OUTAGES)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    told = [record.getMessage() for record in caplog.records if record.name == "hexaccount.redis"]
    return [text.split(":")[0].split(" (")[0] for text in told]


def test_nothing_is_connected_before_it_is_used(open_link: Callable[[str], RedisLink], metrics: MemoryMetrics) -> None:
    open_link(f"redis://127.0.0.1:{free_port()}")
    assert told(metrics) == (1, 0)


def test_without_a_server_nothing_is_known_and_nothing_fails(
    open_link: Callable[[str], RedisLink], caplog: pytest.LogCaptureFixture, metrics: MemoryMetrics
) -> None:
    link = open_link(f"redis://:not-to-be-told@127.0.0.1:{free_port()}")
    cache, rate_limits = RedisSessionCache(link), RedisRateLimitStore(link)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert cache.find(JULIET, PHONE) is None
            cache.keep(CacheFill(user_id=JULIET, session_id=PHONE, token="?"), known())
            assert not cache.invalidate({JULIET})
            with pytest.raises(RateLimitStoreUnavailable):
                rate_limits.take({"key": LIMIT}, NOON)
    assert warnings(caplog) == ["Redis is lost"]
    assert "not-to-be-told" not in caplog.text
    assert told(metrics) == (0, 1)


def test_whoever_looks_finds_it_lost_and_back_though_nobody_needs_it(
    frail: RedisServer, open_link: Callable[[str], RedisLink], caplog: pytest.LogCaptureFixture, metrics: MemoryMetrics
) -> None:
    link = open_link(frail.url)
    frail.kill()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            link.look()
        assert (link.reachable, *told(metrics)) == (False, 0, 1)
        frail.start()
        time.sleep(A_PAUSE)
        link.look()
    assert (link.reachable, *told(metrics)) == (True, 1, 1)
    assert warnings(caplog) == ["Redis is lost", "Redis is back"]


def test_a_replica_that_would_take_no_session_is_not_found_well(
    frail: RedisServer, open_link: Callable[[str], RedisLink]
) -> None:
    link = open_link(frail.url)
    with client(frail.url) as redis:
        redis.replicaof("127.0.0.1", free_port())
        try:
            link.look()
            with pytest.raises(Refused, match="name the primary in the setting cache"):
                link.check()
        finally:
            redis.replicaof("NO", "ONE")
    assert not link.reachable


def test_a_server_that_hangs_is_waited_for_once_in_a_second(
    frail: RedisServer, open_link: Callable[[str], RedisLink], caplog: pytest.LogCaptureFixture, metrics: MemoryMetrics
) -> None:
    link = open_link(frail.url)
    cache = RedisSessionCache(link)
    cache.find(JULIET, PHONE)
    frail.pause()
    with caplog.at_level(logging.WARNING):
        assert 0.2 < seconds(lambda: cache.find(JULIET, PHONE)) < 2
        assert seconds(lambda: [cache.find(JULIET, PHONE) for _ in range(1000)]) < 0.5
        assert 0.4 < seconds(lambda: cache.invalidate({JULIET})) < 4
        frail.resume()
        time.sleep(A_PAUSE)
        cache.find(JULIET, PHONE)
        cache.find(JULIET, PHONE)
    assert warnings(caplog) == ["Redis is lost", "Redis is back"]
    assert told(metrics) == (1, 1)


def test_a_wrong_password_is_told_as_one(
    frail: RedisServer, open_link: Callable[[str], RedisLink], caplog: pytest.LogCaptureFixture
) -> None:
    with client(frail.url) as connection:
        connection.config_set("requirepass", "another password")
    link = open_link(frail.url.replace("redis://", "redis://:not-this-one@"))
    with caplog.at_level(logging.WARNING):
        assert RedisSessionCache(link).find(JULIET, PHONE) is None
    frail.kill()  # and with it its password
    assert "refuses the user or the password that the setting cache names" in caplog.text
    assert "not-this-one" not in caplog.text


def test_one_at_a_time_tries_a_server_that_was_lost(frail: RedisServer, open_link: Callable[[str], RedisLink]) -> None:
    link = open_link(frail.url)
    cache = RedisSessionCache(link)
    cache.find(JULIET, PHONE)
    frail.pause()
    cache.find(JULIET, PHONE)
    time.sleep(A_PAUSE)
    assert [link._may_try() for _ in range(5)] == [True] + [False] * 4


def test_a_mark_is_made_although_the_server_was_lost_a_moment_ago(
    frail: RedisServer, open_link: Callable[[str], RedisLink]
) -> None:
    link, elsewhere = open_link(frail.url), RedisSessionCache(open_link(frail.url))
    cache = RedisSessionCache(link)
    frail.kill()
    assert cache.find(JULIET, PHONE) is None
    frail.start()
    lease = elsewhere.find(JULIET, PHONE)
    assert isinstance(lease, CacheFill)
    elsewhere.keep(lease, known())
    assert isinstance(elsewhere.find(JULIET, PHONE), CachedSession)
    assert cache.invalidate({JULIET})
    assert elsewhere.find(JULIET, PHONE) is None


def test_after_a_restart_no_call_meets_a_connection_of_before(
    frail: RedisServer, open_link: Callable[[str], RedisLink], caplog: pytest.LogCaptureFixture, metrics: MemoryMetrics
) -> None:
    link = open_link(frail.url)
    cache, rate_limits = RedisSessionCache(link), RedisRateLimitStore(link)
    for _ in range(3):
        frail.restart()
        assert isinstance(cache.find(JULIET, PHONE), CacheFill)
        frail.restart()
        assert cache.invalidate({JULIET})
        frail.restart()
        assert rate_limits.take({"key": LIMIT}, NOON)
    assert told(metrics) == (1, 0)


def test_attempts_expire_when_their_meters_have_drained_whatever_the_server_s_clock(
    redis_url: str, open_link: Callable[[str], RedisLink]
) -> None:
    rate_limits = RedisRateLimitStore(open_link(redis_url))
    for now in (NOON, NOON + timedelta(days=9000)):
        rate_limits.take({str(now): LIMIT}, now)
        rate_limits.take({str(now): LIMIT}, now)
    with client(redis_url) as connection:
        lives = [connection.pttl(key) for key in connection.scan_iter()]
    assert len(lives) == 2
    assert all(350_000 < life <= 360_000 for life in lives)


def test_an_attempt_is_one_call_and_what_it_took_stays_counted_when_the_server_is_lost(
    frail: RedisServer, open_link: Callable[[str], RedisLink]
) -> None:
    rate_limits = RedisRateLimitStore(open_link(frail.url))
    taken = rate_limits.take({"a": LIMIT, "b": LIMIT}, NOON)
    with client(frail.url) as connection:
        before = connection.info("stats")["total_commands_processed"]
        rate_limits.take({"a": LIMIT, "b": LIMIT}, NOON)
        sent = connection.info("stats")["total_commands_processed"] - before
    # What the script does is counted too: two commands to read, and four to write; and the look itself.
    assert sent == 1 + 6 + 1
    frail.kill()
    rate_limits.refund({"a": LIMIT, "b": LIMIT}, taken)
