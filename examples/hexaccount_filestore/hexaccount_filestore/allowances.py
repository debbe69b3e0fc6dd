from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore
from hexaccount.rate_limits.rate_limit import BucketState, RateLimit
from hexaccount_filestore.book import Handle


@dataclass(frozen=True, slots=True)
class FileRateLimitStore(RateLimitStore):
    """Counts attempts beside the file, in memory: they begin anew when the service is started again."""

    handle: Handle

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        after: dict[str, BucketState] = {}
        with self.handle.book.lock:
            bucket_states = self.handle.book.bucket_states
            for key, limit in limits.items():
                bucket_state = limit.fill(bucket_states.get(key), now)
                if bucket_state is None:
                    raise LimitExceeded(key, bucket_states[key])
                after[key] = bucket_state
            bucket_states |= after
        return after

    def refund(self, limits: Mapping[str, RateLimit], bucket_states: Mapping[str, BucketState]) -> None:
        with self.handle.book.lock:
            kept = self.handle.book.bucket_states
            for key, bucket_state in bucket_states.items():
                if kept.get(key) == bucket_state:
                    kept[key] = limits[key].undo(bucket_state)
