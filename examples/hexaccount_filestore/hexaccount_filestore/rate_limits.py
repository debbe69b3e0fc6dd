from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.rate_limits.ports import RateLimitStore, fill_all
from hexaccount_filestore.database import Handle


@dataclass(frozen=True, slots=True)
class FileRateLimitStore(RateLimitStore):
    """Counts attempts in memory; a restart of the service resets them."""

    handle: Handle

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        with self.handle.database.lock:
            states = self.handle.database.states
            states |= {key: limit.cut(states[key], now) for key, limit in limits.items() if key in states}
            after = fill_all(limits, states, now)
            states |= after
        return after

    def refund(self, limits: Mapping[str, RateLimit], elapsed: timedelta) -> None:
        with self.handle.database.lock:
            states = self.handle.database.states
            states |= {key: limits[key].refund(states[key], elapsed) for key in limits.keys() & states.keys()}
