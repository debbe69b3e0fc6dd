from collections.abc import Collection
from dataclasses import dataclass

from hexaccount.application.ports.subscriptions import Subscriptions
from hexaccount_memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemorySubscriptions(Subscriptions):
    """The subscriptions in memory."""

    tables: Tables

    def names(self) -> Collection[str]:
        with self.tables.lock:
            enrolled = {name for name, types in self.tables.subscriptions.items() if types}
            return enrolled | {name for name, waiting in self.tables.owed.items() if waiting}

    def cancel(self, subscriber: str, *, limit: int) -> int:
        with self.tables.lock:
            self.tables.subscriptions.pop(subscriber, None)
            waiting = self.tables.owed.get(subscriber, {})
            doomed = [(key, owed) for key, deliveries in waiting.items() for owed in deliveries][:limit]
            for key, owed in doomed:
                waiting[key].remove(owed)
                if not waiting[key]:
                    del waiting[key]
        return len(doomed)
