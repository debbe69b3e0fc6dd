from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from hexaccount.rate_limits.rate_limit import BucketState, RateLimit


class RateLimitStore(Protocol):
    """Counts attempts by key; each method is one atomic step, safe among many threads, and processes that share it."""

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        """Admit an attempt at all keys and return how full their meters are with it.

        If one of them has no room, nothing is taken from any: raises Exhausted for the first such in their order.
        Raises RateLimitStoreUnavailable, or StoreUnavailable where it is the store that counts.
        """
        ...

    def refund(self, limits: Mapping[str, RateLimit], bucket_states: Mapping[str, BucketState]) -> None:
        """Undo the attempt that has led to `fillings`, at each key whose meters have not moved since."""
        ...


class LimitExceeded(Exception):
    """The meters of `key` have no room for an attempt, which has changed nothing."""

    def __init__(self, key: str, bucket_state: BucketState) -> None:
        """Take whose meters have no room, and how full they are."""
        super().__init__("a meter has no room for another attempt")
        self.key = key
        self.bucket_state = bucket_state


class RateLimitStoreUnavailable(Exception):
    """The counters that all processes share are lost for the moment; each has to count by itself."""
