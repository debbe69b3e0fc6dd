"""An attempt that has several permits gives them back in one step of each store, as a step is a statement."""

from collections.abc import Mapping
from datetime import timedelta

from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.rate_limits.rate_limiter import LimitKey, Permit, RateLimiter
from hexaccount_memory.rate_limits import MemoryRateLimitStore
from hexaccount_security.hmac_fingerprints import HmacFingerprints
from hexaccount_system.clock import SystemClock

GUESSES = RateLimitPolicy("guesses", RateLimit.of(5, 12, 10, 720))
WORK = RateLimitPolicy("work", RateLimit.of(5, 12, 10, 720), counts_success=True)


class CountingRateLimitStore(MemoryRateLimitStore):
    """Counts the keys of each refund."""

    def __init__(self) -> None:
        super().__init__()
        self.refunds: list[int] = []

    def refund(self, limits: Mapping[str, RateLimit], elapsed: timedelta) -> None:
        self.refunds.append(len(limits))
        super().refund(limits, elapsed)


def permit(store: RateLimitStore, subject: str) -> Permit:
    """Acquire a permit at a key of guesses and one of work."""
    limiter = RateLimiter(shared=store, local=store, fingerprints=HmacFingerprints(b"k" * 32), clock=SystemClock())
    return limiter.acquire([LimitKey(GUESSES, (subject,)), LimitKey(WORK, (subject,))])


def test_a_store_gives_back_the_permits_of_a_right_password_in_one_step() -> None:
    store = CountingRateLimitStore()
    permit(store, "name").succeed(permit(store, "account"))
    assert store.refunds == [2]  # not those of work


def test_each_store_gives_back_what_it_has_counted() -> None:
    shared, local = CountingRateLimitStore(), CountingRateLimitStore()
    permit(shared, "name").succeed(permit(local, "account"))
    assert (shared.refunds, local.refunds) == ([1], [1])
