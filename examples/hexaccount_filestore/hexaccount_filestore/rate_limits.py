from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore
from hexaccount_filestore.database import Handle


@dataclass(frozen=True, slots=True)
class FileRateLimitStore(RateLimitStore):
    """Counts attempts in memory; a restart of the service resets them."""

    handle: Handle

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        after: dict[str, BucketState] = {}
        with self.handle.database.lock:
            states = self.handle.database.states
            for key, limit in limits.items():
                state = limit.fill(states.get(key), now)
                if state is None:
                    raise LimitExceeded(key, states[key])
                after[key] = state
            states |= after
        return after

    def refund(self, limits: Mapping[str, RateLimit], states: Mapping[str, BucketState]) -> None:
        with self.handle.database.lock:
            stored = self.handle.database.states
            for key, state in states.items():
                if stored.get(key) == state:
                    stored[key] = limits[key].undo(state)
