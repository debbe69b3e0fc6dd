import pytest

from hexaccount.conformance.suites import StoreUnderTest
from hexaccount.conformance.suites.rate_limits import RateLimitStoreContract
from hexaccount.conformance.suites.right_logins import RightLoginsContract
from hexaccount.kernel.metrics import NoMetrics
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_memory import MemoryStore
from hexaccount_redis import RedisClient, RedisRateLimitStore


class _CountingOnRedis(MemoryStore):
    """A memory store that counts attempts on Redis, on connections of its own."""

    def __init__(self, recorder: EventRecorder, url: str) -> None:
        super().__init__(recorder)
        self._link = RedisClient(url, NoMetrics())
        self.rate_limits = RedisRateLimitStore(self._link)

    def close(self) -> None:
        self._link.close()


class _OnRedis:
    @pytest.fixture
    def under_test(self, redis_url: str) -> StoreUnderTest:
        return StoreUnderTest(lambda recorder, records: _CountingOnRedis(recorder, redis_url), rounds=50)


class TestRedisRateLimits(_OnRedis, RateLimitStoreContract):
    """Attempts are counted as in every store."""


class TestRightLoginsOnRedis(_OnRedis, RightLoginsContract):
    """Each of the two handles has accounts of its own, and both count on one Redis."""
