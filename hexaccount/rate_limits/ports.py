from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from hexaccount.kernel.rate_limit import BucketState, RateLimit


class RateLimitStore(Protocol):
    """Counts attempts by key; each method is one atomic step, safe among threads and among processes that share it."""

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        """Count an attempt under all keys and return their states with it.

        If one of the buckets is full, nothing is counted: raises LimitExceeded for the first such key in their order.
        Before, the stored states of all keys are cut, and stored so: one that a clock that was fast has left refuses
        attempts for an interval, and not until all clocks have reached it.
        Raises RateLimitStoreUnavailable, or StoreUnavailable where the counters are in the store itself.
        """
        ...

    def refund(self, limits: Mapping[str, RateLimit], elapsed: timedelta) -> None:
        """Take an attempt that was admitted `elapsed` ago out of the buckets of these keys, as far as they are stored.

        Both moments of a key are moved back by `GcraBucket.refundable`, whatever other attempts and refunds have come
        in between. So an attempt that is refunded once leaves no bucket emptier than it would be without it, and right
        passwords earn no guesses. It leaves a bucket fuller by `elapsed` at most, and only where other attempts have
        kept the bucket from draining meanwhile. The caller measures `elapsed` by the clock of the attempt.
        Raises StoreUnavailable where the counters are in the store itself.
        """
        ...


class LimitExceeded(Exception):
    """The buckets of `key` are full, and `state` is their state; the attempt was not counted."""

    def __init__(self, key: str, state: BucketState) -> None:
        super().__init__("a bucket is full")
        self.key = key
        self.state = state


def fill_all(
    limits: Mapping[str, RateLimit], states: Mapping[str, BucketState], now: datetime
) -> dict[str, BucketState]:
    """Return the states after an attempt under all keys; those that are not stored have empty buckets.

    `states` are those that are stored, cut. Raises LimitExceeded for the first key whose buckets are full.
    """
    after = {}
    for key, limit in limits.items():
        filled = limit.fill(states.get(key), now)
        if filled is None:
            raise LimitExceeded(key, states[key])
        after[key] = filled
    return after


class RateLimitStoreUnavailable(Exception):
    """The counters that all processes share are unavailable; each process has to count by itself."""
