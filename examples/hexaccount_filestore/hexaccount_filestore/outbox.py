from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import NEVER, Backlog, ClaimedBatch, DeadLetter, DeadLetters, Delivery, Outbox
from hexaccount.store_kit.leased_hold import hold_by_lease
from hexaccount_filestore.database import Handle
from hexaccount_filestore.state import Changes, DeliveryState, StoredDelivery, entry_copy


@dataclass(frozen=True, slots=True)
class FileOutbox(Outbox, DeadLetters):
    """The deliveries, dead letters included."""

    handle: Handle

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        with self.handle.database.lock:
            types = sorted(event_types)
            if self.handle.database.state.subscriptions.get(subscriber) != types:
                self.handle.database.write(Changes(subscriptions={subscriber: types}))

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        with self.handle.database.lock:
            state = self.handle.database.state
            stored = state.deliveries[subscriber]
            missing = [entry.id for entry in entries if entry.id in state.entries and entry.id not in stored]
            states = [stored[entry.id].state for entry in entries if entry.id in stored]
            revived = [_revived(state) for state in states if state.dead_letter]
            enqueued = {subscriber: missing} if missing else {}
            self.handle.database.write(Changes(enqueued=enqueued, deliveries=revived))
        self.handle.commits.give()

    def claim(
        self,
        subscriber: str,
        *,
        limit: int,
        now: datetime,
        lease: timedelta,
        latest: datetime = NEVER,
        after: UUID | None = None,  # noqa: ARG002 - all that is pending is in memory
    ) -> ClaimedBatch:
        token = uuid4()
        waiting: set[tuple[str, UUID]] = set()
        claimed: list[StoredDelivery] = []
        with self.handle.database.lock:
            for stored in self.handle.database.state.deliveries[subscriber].values():
                aggregate = stored.entry.aggregate, stored.entry.aggregate_id
                if len(claimed) == limit:
                    break
                if stored.state.dead_letter or aggregate in waiting:
                    continue
                if not _is_due(stored, now, latest):
                    waiting.add(aggregate)
                    continue
                stored.lease, stored.leased_until = token, now + lease
                claimed.append(stored)
            deliveries = [
                Delivery(subscriber, entry_copy(stored.entry), stored.state.attempts, token) for stored in claimed
            ]
        return ClaimedBatch(deliveries, deliveries[-1].entry.id if len(deliveries) == limit else None)

    hold = hold_by_lease

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        with self.handle.database.lock:
            self.handle.database.write(Changes(acknowledged=[(each.subscriber, each.entry.id) for each in deliveries]))

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        with self.handle.database.lock:
            for stored in self._held(delivery):
                state = replace(stored.state, attempts=stored.state.attempts + 1, due_at=until, error=error)
                self.handle.database.write(Changes(deliveries=[state]))

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        with self.handle.database.lock:
            for stored in self._held(delivery):
                state = replace(stored.state, attempts=stored.state.attempts + 1, dead_letter=True, error=error)
                self.handle.database.write(Changes(deliveries=[state]))
        self.handle.commits.give()

    def release(self, deliveries: Collection[Delivery]) -> None:
        with self.handle.database.lock:
            for delivery in deliveries:
                for stored in self._held(delivery):
                    stored.lease, stored.leased_until = None, None

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        with self.handle.database.lock:
            deliveries = self.handle.database.state.deliveries[subscriber].values()
            pending = [each.entry.id for each in deliveries if not each.state.dead_letter]
            dead = len(deliveries) - len(pending)
        return Backlog(
            pending=min(len(pending), limit), dead_letters=min(dead, limit), oldest=min(pending, default=None)
        )

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[DeadLetter]:
        with self.handle.database.lock:
            found = [stored for stored in self._dead_letters(subscriber) if after is None or stored.entry.id > after]
            found.sort(key=lambda stored: (stored.entry.id, stored.state.subscriber))
            return [
                DeadLetter(
                    subscriber=stored.state.subscriber,
                    entry=entry_copy(stored.entry),
                    attempts=stored.state.attempts,
                    error=stored.state.error,
                )
                for stored in found[:limit]
            ]

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        with self.handle.database.lock:
            found = [stored.state for stored in self._dead_letters(subscriber) if event_id in (None, stored.entry.id)]
            revived = [_revived(state) for state in found]
            self.handle.database.write(Changes(deliveries=revived))
        self.handle.commits.give()
        return len(revived)

    def _dead_letters(self, subscriber: str | None) -> Iterator[StoredDelivery]:
        for name, deliveries in self.handle.database.state.deliveries.items():
            if subscriber in (None, name):
                yield from (stored for stored in deliveries.values() if stored.state.dead_letter)

    def _held(self, delivery: Delivery) -> list[StoredDelivery]:
        stored = self.handle.database.state.deliveries[delivery.subscriber].get(delivery.entry.id)
        return [stored] if stored is not None and stored.lease == delivery.lease else []


def _revived(state: DeliveryState) -> DeliveryState:
    return replace(state, attempts=0, due_at=None, error="", dead_letter=False)


def _is_due(stored: StoredDelivery, now: datetime, latest: datetime) -> bool:
    return not any(until and now < until <= latest for until in (stored.state.due_at, stored.leased_until))
