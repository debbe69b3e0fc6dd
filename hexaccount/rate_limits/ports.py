from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from hexaccount.kernel.rate_limit import BucketState, RateLimit


class RateLimitStore(Protocol):
    """Counts attempts by key; each method is one atomic step, safe among threads and among processes that share it."""

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        """Count an attempt under all keys and return their states with it.

        If one of the buckets is full, nothing is counted: raises LimitExceeded for the first such key in their order.
        Raises RateLimitStoreUnavailable, or StoreUnavailable where the counters are in the store itself.
        """
        ...

    def refund(self, limits: Mapping[str, RateLimit], states: Mapping[str, BucketState]) -> None:
        """Undo the attempt that has led to `states`, under each key whose state has not changed since."""
        ...


class LimitExceeded(Exception):
    """The buckets of `key` are full, and `state` is their state; the attempt was not counted."""

    def __init__(self, key: str, state: BucketState) -> None:
        super().__init__("a bucket is full")
        self.key = key
        self.state = state


class RateLimitStoreUnavailable(Exception):
    """The counters that all processes share are unavailable; each process has to count by itself."""
