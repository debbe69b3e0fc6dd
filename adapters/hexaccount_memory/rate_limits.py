import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from heapq import nlargest

from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.rate_limits.ports import RateLimitStore, fill_all

_MIN_SWEEP_SIZE = 1024


class MemoryRateLimitStore(RateLimitStore):
    """Counts attempts in the memory of one process.

    Drained keys are dropped as the number of keys grows. Beyond `most` keys (100,000 are some 30 MB), the keys that
    drain first are dropped: an attacker who invents many keys cannot evict an exhausted one.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most = most
        self._fillings: dict[str, BucketState] = {}
        self._sweep_at = min(_MIN_SWEEP_SIZE, most)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._fillings)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        with self._lock:
            before = {
                key: limit.cut(self._fillings[key], now) for key, limit in limits.items() if key in self._fillings
            }
            self._fillings |= before
            after = fill_all(limits, before, now)
            self._fillings |= after
            if len(self._fillings) > self._sweep_at:
                self._sweep(now)
            return after

    def refund(self, limits: Mapping[str, RateLimit], elapsed: timedelta) -> None:
        with self._lock:
            for key in limits.keys() & self._fillings.keys():
                self._fillings[key] = limits[key].refund(self._fillings[key], elapsed)

    def _sweep(self, now: datetime) -> None:
        live = [(until, key) for key, until in self._fillings.items() if _last(until) > now]
        if len(live) > self._most:
            live = nlargest(self._most * 3 // 4, live, key=lambda pair: _last(pair[0]))
        self._fillings = {key: state for state, key in live}
        self._sweep_at = min(max(_MIN_SWEEP_SIZE, 2 * len(live)), self._most)


def _last(state: BucketState) -> datetime:
    return max(state.burst_until, state.sustained_until)
