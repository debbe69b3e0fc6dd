import pytest

from hexaccount.application.ports.allowances import Allowances
from hexaccount.application.ports.metrics import NoMetrics
from hexaccount.application.recorder import Recorder
from hexaccount.conformance.suites import StoreUnderTest
from hexaccount.conformance.suites.allowances import AllowancesContract
from hexaccount_memory import MemoryStore
from hexaccount_redis import RedisAllowances, RedisLink


class _CountingOnRedis(MemoryStore):
    """A memory store whose attempts are counted on Redis, by a handle's own connections."""

    def __init__(self, recorder: Recorder, url: str) -> None:
        super().__init__(recorder)
        self._link = RedisLink(url, NoMetrics())

    @property
    def allowances(self) -> Allowances:
        return RedisAllowances(self._link)

    def close(self) -> None:
        self._link.close()


class TestRedisAllowances(AllowancesContract):
    @pytest.fixture
    def under_test(self, redis_url: str) -> StoreUnderTest:
        return StoreUnderTest(lambda recorder: _CountingOnRedis(recorder, redis_url), rounds=50)
