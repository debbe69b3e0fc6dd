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
            return subscribed | {name for name, waiting in self.tables.deliveries.items() if waiting}

    def unsubscribe(self, subscriber: str, *, limit: int) -> int:
        with self.tables.lock:
            self.tables.subscriptions.pop(subscriber, None)
            waiting = self.tables.deliveries.get(subscriber, {})
            batch = [(key, delivery) for key, deliveries in waiting.items() for delivery in deliveries][:limit]
            for key, delivery in batch:
                waiting[key].remove(delivery)
                if not waiting[key]:
                    del waiting[key]
        return len(batch)
