import pytest

from hexaccount.conformance.suites import StoreUnderTest
from hexaccount.conformance.suites.allowances import RateLimitStoreContract
from hexaccount.kernel.metrics import NoMetrics
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_memory import MemoryStore
from hexaccount_redis import RedisLink, RedisRateLimitStore


class _CountingOnRedis(MemoryStore):
    """A memory store whose attempts are counted on Redis, by a handle's own connections."""

    def __init__(self, recorder: EventRecorder, url: str) -> None:
        super().__init__(recorder)
        self._link = RedisLink(url, NoMetrics())

    @property
    def rate_limits(self) -> RateLimitStore:
        return RedisRateLimitStore(self._link)

    def close(self) -> None:
        self._link.close()


class TestRedisAllowances(RateLimitStoreContract):
    @pytest.fixture
    def under_test(self, redis_url: str) -> StoreUnderTest:
        return StoreUnderTest(lambda recorder: _CountingOnRedis(recorder, redis_url), rounds=50)
