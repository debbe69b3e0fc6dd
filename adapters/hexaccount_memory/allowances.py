import threading
from collections.abc import Mapping
from datetime import datetime
from heapq import nlargest

from hexaccount.application.limits import Filling, Limit
from hexaccount.application.ports.allowances import Allowances, Exhausted

_FEWEST = 1024


class MemoryAllowances(Allowances):
    """Counts attempts in one process, and forgets them with it.

    Meters that have drained are dropped as the number grows. Beyond `most` keys at once, some 30 MB, those go that
    would drain first, which are the emptiest: who makes many keys up cannot wash away a full one.
    """

    def __init__(self, most: int = 100_000) -> None:
        """Take the largest number of keys to remember."""
        self._most = most
        self._fillings: dict[str, Filling] = {}
        self._sweep_at = min(_FEWEST, most)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._fillings)

    def take(self, limits: Mapping[str, Limit], now: datetime) -> dict[str, Filling]:
        after: dict[str, Filling] = {}
        with self._lock:
            for key, limit in limits.items():
                before = self._fillings.get(key, Filling(now, now))
                filled = limit.fill(before, now)
                if filled is None:
                    raise Exhausted(key, before)
                after[key] = filled
            self._fillings |= after
            if len(self._fillings) > self._sweep_at:
                self._sweep(now)
            return after

    def give_back(self, limits: Mapping[str, Limit], fillings: Mapping[str, Filling]) -> None:
        with self._lock:
            for key, filling in fillings.items():
                if self._fillings.get(key) == filling:
                    self._fillings[key] = limits[key].undo(filling)

    def _sweep(self, now: datetime) -> None:
        live = [(until, key) for key, until in self._fillings.items() if _last(until) > now]
        if len(live) > self._most:
            live = nlargest(self._most * 3 // 4, live, key=lambda pair: _last(pair[0]))
        self._fillings = {key: filling for filling, key in live}
        self._sweep_at = min(max(_FEWEST, 2 * len(live)), self._most)


def _last(filling: Filling) -> datetime:
    return max(filling.brief_until, filling.lasting_until)
