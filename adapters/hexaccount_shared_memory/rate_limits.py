import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore, RateLimitStoreUnavailable
from hexaccount_shared_memory.mapped_table import KEY_BYTES, MappedTable, NoCounters

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)

_log = logging.getLogger("hexaccount.rate_limits")


class SharedMemoryRateLimitStore(RateLimitStore):
    """Counts attempts in a file that all processes of one host map into their memory; it is opened at first use.

    An attempt is a step under one lock. It loses no count if a process is killed, but for that of the attempt itself,
    and none by a restart. Of some 130,000 keys none is dropped as long as another one of its set drains before it.
    RateLimitStoreUnavailable while the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._table: MappedTable | None = None
        self._opening = threading.Lock()
        self._reported = False

    def check(self) -> None:
        """Return if the file can be used, and make it if it is missing; raises OSError and NoCounters."""
        MappedTable(self.path)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        table, at = self._usable(), (now - _EPOCH) // _TICK
        rows = [(name, _digest(name), _in_ticks(limit)) for name, limit in limits.items()]
        full, after = None, []
        with table.lock:
            for name, key, (burst, burst_window, sustained, sustained_window) in rows:
                stored = table.get(key) or (at, at)
                cut = min(stored[0], at + burst_window), min(stored[1], at + sustained_window)
                if cut != stored:
                    table.put(key, *cut)
                filled = max(cut[0], at) + burst, max(cut[1], at) + sustained
                if full is None and (filled[0] > at + burst_window or filled[1] > at + sustained_window):
                    full = name, cut
                after.append(filled)
            if full is None:
                for (_, key, _), moments in zip(rows, after, strict=True):
                    table.put(key, *moments)
        if full is not None:
            raise LimitExceeded(full[0], _state(*full[1]))
        return {name: _state(*moments) for (name, _, _), moments in zip(rows, after, strict=True)}

    def refund(self, limits: Mapping[str, RateLimit], elapsed: timedelta) -> None:
        table, passed = self._usable(), elapsed // _TICK
        rows = [(_digest(name), _in_ticks(limit)) for name, limit in limits.items()]
        with table.lock:
            for key, (burst, _, sustained, _) in rows:
                if stored := table.get(key):
                    table.put(key, stored[0] - _left(burst, passed), stored[1] - _left(sustained, passed))

    def _usable(self) -> MappedTable:
        try:
            return self._table or self._opened()
        except (OSError, NoCounters) as error:
            if not self._reported:  # not for each attempt
                self._reported = True
                _log.error("attempts are counted by each process alone: %s", error)
            raise RateLimitStoreUnavailable from error

    def _opened(self) -> MappedTable:
        with self._opening:
            self._table = self._table or MappedTable(self.path)
            return self._table


@lru_cache(maxsize=256)  # a refund soon follows with the same names
def _digest(name: str) -> bytes:
    return sha256(name.encode()).digest()[:KEY_BYTES]


@lru_cache(maxsize=256)
def _in_ticks(limit: RateLimit) -> tuple[int, int, int, int]:
    """Return interval and window of both buckets: numbers cost a fifth of what moments and durations do."""
    burst, sustained = limit.burst, limit.sustained
    return burst.interval // _TICK, burst.window // _TICK, sustained.interval // _TICK, sustained.window // _TICK


def _left(interval: int, passed: int) -> int:
    """Do what `GcraBucket.refundable` does."""
    return min(max(interval - passed, 0), interval)


def _state(burst: int, sustained: int) -> BucketState:
    return BucketState(_EPOCH + timedelta(0, 0, burst), _EPOCH + timedelta(0, 0, sustained))
