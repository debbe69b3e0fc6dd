from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

from hexaccount.events.ports import Subscriptions
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import Step


@dataclass(frozen=True, slots=True)
class FileSubscriptions(Subscriptions):
    """Who is enrolled, and owed what."""

    handle: Handle

    def names(self) -> Collection[str]:
        with self.handle.book.lock:
            state = self.handle.book.state
            subscribed = {name for name, types in state.subscriptions.items() if types}
            return subscribed | {name for name, deliveries in state.pending.items() if deliveries}

    def unsubscribe(self, subscriber: str, *, limit: int) -> int:
        with self.handle.book.lock:
            state = self.handle.book.state
            doomed = [(subscriber, event_id) for event_id in islice(state.pending.get(subscriber, {}), limit)]
            subscribed = bool(state.subscriptions.get(subscriber))
            self.handle.book.do(Step(subscribed={subscriber: []} if subscribed else {}, settled=doomed))
        return len(doomed)
