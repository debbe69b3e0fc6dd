from collections.abc import Collection
from dataclasses import dataclass

from hexaccount.events.ports import Subscriptions
from hexaccount_memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemorySubscriptions(Subscriptions):
    """The subscriptions in memory."""

    tables: Tables

    def names(self) -> Collection[str]:
        with self.tables.lock:
            subscribed = {name for name, types in self.tables.subscriptions.items() if types}
            return subscribed | {name for name, waiting in self.tables.pending.items() if waiting}

    def unsubscribe(self, subscriber: str, *, limit: int) -> int:
        with self.tables.lock:
            self.tables.subscriptions.pop(subscriber, None)
            waiting = self.tables.pending.get(subscriber, {})
            doomed = [(key, pending) for key, deliveries in waiting.items() for pending in deliveries][:limit]
            for key, pending in doomed:
                waiting[key].remove(pending)
                if not waiting[key]:
                    del waiting[key]
        return len(doomed)
