from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hexaccount.application.limits import Filling, Limit
from hexaccount.application.ports.allowances import Allowances, Exhausted
from hexaccount_filestore.book import Handle


@dataclass(frozen=True, slots=True)
class FileAllowances(Allowances):
    """Counts attempts beside the file, in memory: they begin anew when the service is started again."""

    handle: Handle

    def take(self, limits: Mapping[str, Limit], now: datetime) -> dict[str, Filling]:
        after: dict[str, Filling] = {}
        with self.handle.book.lock:
            fillings = self.handle.book.fillings
            for key, limit in limits.items():
                filling = limit.fill(fillings.get(key), now)
                if filling is None:
                    raise Exhausted(key, fillings[key])
                after[key] = filling
            fillings |= after
        return after

    def give_back(self, limits: Mapping[str, Limit], fillings: Mapping[str, Filling]) -> None:
        with self.handle.book.lock:
            kept = self.handle.book.fillings
            for key, filling in fillings.items():
                if kept.get(key) == filling:
                    kept[key] = limits[key].undo(filling)
