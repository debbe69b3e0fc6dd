import threading
from collections.abc import Mapping
from datetime import datetime
from heapq import nlargest

from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore
from hexaccount.rate_limits.rate_limit import BucketState, RateLimit

_FEWEST = 1024


class MemoryRateLimitStore(RateLimitStore):
    """Counts attempts in one process, and forgets them with it.

    Meters that have drained are dropped as the number grows. Beyond `most` keys at once, some 30 MB, those go that
    would drain first, which are the emptiest: who makes many keys up cannot wash away a full one.
    """

    def __init__(self, most: int = 100_000) -> None:
        """Take the largest number of keys to remember."""
        self._most = most
        self._fillings: dict[str, BucketState] = {}
        self._sweep_at = min(_FEWEST, most)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._fillings)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        after: dict[str, BucketState] = {}
        with self._lock:
            for key, limit in limits.items():
                before = self._fillings.get(key, BucketState(now, now))
                filled = limit.fill(before, now)
                if filled is None:
                    raise LimitExceeded(key, before)
                after[key] = filled
            self._fillings |= after
            if len(self._fillings) > self._sweep_at:
                self._sweep(now)
            return after

    def refund(self, limits: Mapping[str, RateLimit], bucket_states: Mapping[str, BucketState]) -> None:
        with self._lock:
            for key, bucket_state in bucket_states.items():
                if self._fillings.get(key) == bucket_state:
                    self._fillings[key] = limits[key].undo(bucket_state)

    def _sweep(self, now: datetime) -> None:
        live = [(until, key) for key, until in self._fillings.items() if _last(until) > now]
        if len(live) > self._most:
            live = nlargest(self._most * 3 // 4, live, key=lambda pair: _last(pair[0]))
        self._fillings = {key: bucket_state for bucket_state, key in live}
        self._sweep_at = min(max(_FEWEST, 2 * len(live)), self._most)


def _last(bucket_state: BucketState) -> datetime:
    return max(bucket_state.burst_until, bucket_state.sustained_until)
