from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

from hexaccount.events.ports import Subscriptions
from hexaccount_filestore.database import Handle
from hexaccount_filestore.state import Changes


@dataclass(frozen=True, slots=True)
class FileSubscriptions(Subscriptions):
    """The subscriptions and their deliveries."""

    handle: Handle

    def names(self) -> Collection[str]:
        with self.handle.database.lock:
            state = self.handle.database.state
            subscribed = {name for name, types in state.subscriptions.items() if types}
            return subscribed | {name for name, deliveries in state.deliveries.items() if deliveries}

    def unsubscribe(self, subscriber: str, *, limit: int) -> int:
        with self.handle.database.lock:
            state = self.handle.database.state
            batch = [(subscriber, event_id) for event_id in islice(state.deliveries.get(subscriber, {}), limit)]
            subscribed = bool(state.subscriptions.get(subscriber))
            self.handle.database.write(
                Changes(subscriptions={subscriber: []} if subscribed else {}, acknowledged=batch)
            )
        return len(batch)
