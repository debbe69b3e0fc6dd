"""A process without Redis continues at once, logs it once, and notices the recovery."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hexaccount.kernel.rate_limit import GcraBucket, RateLimit
from hexaccount.rate_limits.ports import RateLimitStoreUnavailable
from hexaccount.sessions.metrics import CACHE_OUTAGES, CACHE_REACHABLE
from hexaccount.sessions.ports import CachedSession, CacheFill
from hexaccount_memory import MemoryMetrics
from hexaccount_redis import RedisClient, RedisRateLimitStore, RedisRefused, RedisSessionCache
from tests.adapters.redis.sessions import JULIET, NOON, PHONE, cached
from tests.servers.ports import free_port
from tests.servers.redis import RedisServer, client

LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))
PAUSE = 1.1


def seconds(action: Callable[[], Any]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def reachable_and_outages(metrics: MemoryMetrics) -> tuple[float, float]:
    return metrics.figure(CACHE_REACHABLE), metrics.figure(CACHE_OUTAGES)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = [record.getMessage() for record in caplog.records if record.name == "hexaccount.redis"]
    return [text.split(":")[0].split(" (")[0] for text in messages]


def test_it_connects_at_first_use(open_client: Callable[[str], RedisClient], metrics: MemoryMetrics) -> None:
    open_client(f"redis://127.0.0.1:{free_port()}")
    assert reachable_and_outages(metrics) == (1, 0)


def test_without_a_server_the_cache_is_empty_and_raises_nothing(
    open_client: Callable[[str], RedisClient], caplog: pytest.LogCaptureFixture, metrics: MemoryMetrics
) -> None:
    breaker = open_client(f"redis://:secret-password@127.0.0.1:{free_port()}")
    cache, rate_limits = RedisSessionCache(breaker), RedisRateLimitStore(breaker)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert cache.find(JULIET, PHONE) is None
            cache.fill(CacheFill(user_id=JULIET, session_id=PHONE, token="?"), cached())
            assert not cache.invalidate({JULIET})
            with pytest.raises(RateLimitStoreUnavailable):
                rate_limits.acquire({"key": LIMIT}, NOON)
    assert warnings(caplog) == ["Redis is unavailable"]
    assert "secret-password" not in caplog.text
    assert reachable_and_outages(metrics) == (0, 1)


def test_a_probe_notices_an_outage_and_the_recovery(
    flaky_redis: RedisServer,
    open_client: Callable[[str], RedisClient],
    caplog: pytest.LogCaptureFixture,
    metrics: MemoryMetrics,
) -> None:
    breaker = open_client(flaky_redis.url)
    flaky_redis.kill()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            breaker.probe()
        assert (breaker.reachable, *reachable_and_outages(metrics)) == (False, 0, 1)
        flaky_redis.start()
        time.sleep(PAUSE)
        breaker.probe()
    assert (breaker.reachable, *reachable_and_outages(metrics)) == (True, 1, 1)
    assert warnings(caplog) == ["Redis is unavailable", "Redis is available again"]


def test_a_probe_fails_on_a_read_only_replica(
    flaky_redis: RedisServer, open_client: Callable[[str], RedisClient]
) -> None:
    breaker = open_client(flaky_redis.url)
    with client(flaky_redis.url) as redis:
        redis.replicaof("127.0.0.1", free_port())
        try:
            breaker.probe()
            with pytest.raises(RedisRefused, match="name the primary in the setting cache"):
                breaker.check()
        finally:
            redis.replicaof("NO", "ONE")
    assert not breaker.reachable


def test_only_one_call_a_second_waits_for_a_server_that_hangs(
    flaky_redis: RedisServer,
    open_client: Callable[[str], RedisClient],
    caplog: pytest.LogCaptureFixture,
    metrics: MemoryMetrics,
) -> None:
    breaker = open_client(flaky_redis.url)
    cache = RedisSessionCache(breaker)
    cache.find(JULIET, PHONE)
    flaky_redis.pause()
    with caplog.at_level(logging.WARNING):
        assert 0.2 < seconds(lambda: cache.find(JULIET, PHONE)) < 2
        assert seconds(lambda: [cache.find(JULIET, PHONE) for _ in range(1000)]) < 0.5
        assert 0.4 < seconds(lambda: cache.invalidate({JULIET})) < 4
        flaky_redis.resume()
        time.sleep(PAUSE)
        cache.find(JULIET, PHONE)
        cache.find(JULIET, PHONE)
    assert warnings(caplog) == ["Redis is unavailable", "Redis is available again"]
    assert reachable_and_outages(metrics) == (1, 1)


def test_a_wrong_password_is_reported_and_not_logged(
    flaky_redis: RedisServer, open_client: Callable[[str], RedisClient], caplog: pytest.LogCaptureFixture
) -> None:
    with client(flaky_redis.url) as connection:
        connection.config_set("requirepass", "another password")
    breaker = open_client(flaky_redis.url.replace("redis://", "redis://:wrong-password@"))
    with caplog.at_level(logging.WARNING):
        assert RedisSessionCache(breaker).find(JULIET, PHONE) is None
    flaky_redis.kill()  # which resets its password
    assert "rejects the user or the password; correct them in the setting cache" in caplog.text
    assert "wrong-password" not in caplog.text


def test_one_call_at_a_time_tries_an_unavailable_server(
    flaky_redis: RedisServer, open_client: Callable[[str], RedisClient]
) -> None:
    breaker = open_client(flaky_redis.url)
    cache = RedisSessionCache(breaker)
    cache.find(JULIET, PHONE)
    flaky_redis.pause()
    cache.find(JULIET, PHONE)
    time.sleep(PAUSE)
    assert [breaker._may_try() for _ in range(5)] == [True] + [False] * 4


def test_an_invalidation_is_tried_just_after_a_failure(
    flaky_redis: RedisServer, open_client: Callable[[str], RedisClient]
) -> None:
    cache, elsewhere = (RedisSessionCache(open_client(flaky_redis.url)) for _ in range(2))
    flaky_redis.kill()
    assert cache.find(JULIET, PHONE) is None
    flaky_redis.start()
    lease = elsewhere.find(JULIET, PHONE)
    assert isinstance(lease, CacheFill)
    elsewhere.fill(lease, cached())
    assert isinstance(elsewhere.find(JULIET, PHONE), CachedSession)
    assert cache.invalidate({JULIET})
    assert elsewhere.find(JULIET, PHONE) is None


def test_a_restart_between_two_calls_is_no_failure(
    flaky_redis: RedisServer,
    open_client: Callable[[str], RedisClient],
    caplog: pytest.LogCaptureFixture,
    metrics: MemoryMetrics,
) -> None:
    breaker = open_client(flaky_redis.url)
    cache, rate_limits = RedisSessionCache(breaker), RedisRateLimitStore(breaker)
    for _ in range(3):
        flaky_redis.restart()
        assert isinstance(cache.find(JULIET, PHONE), CacheFill)
        flaky_redis.restart()
        assert cache.invalidate({JULIET})
        flaky_redis.restart()
        assert rate_limits.acquire({"key": LIMIT}, NOON)
    assert reachable_and_outages(metrics) == (1, 0)


def test_attempts_expire_when_their_buckets_have_drained_by_the_caller_s_clock(
    redis_url: str, open_client: Callable[[str], RedisClient]
) -> None:
    rate_limits = RedisRateLimitStore(open_client(redis_url))
    for now in (NOON, NOON + timedelta(days=9000)):
        rate_limits.acquire({str(now): LIMIT}, now)
        rate_limits.acquire({str(now): LIMIT}, now)
    with client(redis_url) as connection:
        ttls = [connection.pttl(key) for key in connection.scan_iter()]
    assert len(ttls) == 2
    assert all(350_000 < ttl <= 360_000 for ttl in ttls)


def test_an_attempt_is_one_call_and_a_refund_without_a_server_does_nothing(
    flaky_redis: RedisServer, open_client: Callable[[str], RedisClient]
) -> None:
    rate_limits = RedisRateLimitStore(open_client(flaky_redis.url))
    rate_limits.acquire({"a": LIMIT, "b": LIMIT}, NOON)
    with client(flaky_redis.url) as connection:
        before = connection.info("stats")["total_commands_processed"]
        rate_limits.acquire({"a": LIMIT, "b": LIMIT}, NOON)
        sent = connection.info("stats")["total_commands_processed"] - before
    # Redis counts the script's commands too, two that read and four that write, and the INFO of this test.
    assert sent == 1 + 6 + 1
    flaky_redis.kill()
    rate_limits.refund({"a": LIMIT, "b": LIMIT}, timedelta())
