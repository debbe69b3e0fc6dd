from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Backlog, DeadLetter, DeadLetters, Delivery, Outbox
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import Delivery as DeliveryState
from hexaccount_filestore.state import Owed, Step, entry_copy


@dataclass(frozen=True, slots=True)
class FileOutbox(Outbox, DeadLetters):
    """The deliveries that are owed, the given-up ones among them."""

    handle: Handle

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        with self.handle.book.lock:
            types = sorted(event_types)
            if self.handle.book.state.subscriptions.get(subscriber) != types:
                self.handle.book.do(Step(subscribed={subscriber: types}))

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        with self.handle.book.lock:
            pending = self.handle.book.state.pending[subscriber]
            missing = [entry.id for entry in entries if entry.id not in pending]
            there = [pending[entry.id].state for entry in entries if entry.id in pending]
            again = [_anew(state) for state in there if state.dead_letters]
            self.handle.book.do(Step(pending={subscriber: missing} if missing else {}, deliveries=again))
        self.handle.book.tell()

    def claim(self, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        token = uuid4()
        waiting: set[tuple[str, UUID]] = set()
        claimed: list[Owed] = []
        with self.handle.book.lock:
            for pending in self.handle.book.state.pending[subscriber].values():
                aggregate = pending.entry.aggregate, pending.entry.aggregate_id
                if len(claimed) == limit:
                    break
                if pending.state.dead_letters or aggregate in waiting:
                    continue
                if not _is_due(pending, now):
                    waiting.add(aggregate)
                    continue
                pending.lease, pending.leased_until = token, now + lease
                claimed.append(pending)
            return [
                Delivery(
                    subscriber=subscriber, entry=entry_copy(pending.entry), attempts=pending.state.attempts, lease=token
                )
                for pending in claimed
            ]

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        with self.handle.book.lock:
            self.handle.book.do(Step(settled=[(each.subscriber, each.entry.id) for each in deliveries]))

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        with self.handle.book.lock:
            for pending in self._held(delivery):
                state = replace(pending.state, attempts=pending.state.attempts + 1, due_at=until, error=error)
                self.handle.book.do(Step(deliveries=[state]))

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        with self.handle.book.lock:
            for pending in self._held(delivery):
                state = replace(pending.state, attempts=pending.state.attempts + 1, dead_letters=True, error=error)
                self.handle.book.do(Step(deliveries=[state]))
        self.handle.book.tell()

    def release(self, deliveries: Collection[Delivery]) -> None:
        with self.handle.book.lock:
            for delivery in deliveries:
                for pending in self._held(delivery):
                    pending.lease, pending.leased_until = None, None

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        with self.handle.book.lock:
            deliveries = self.handle.book.state.pending[subscriber].values()
            pending = [each.entry.id for each in deliveries if not each.state.dead_letters]
            given_up = len(deliveries) - len(pending)
        return Backlog(
            pending=min(len(pending), limit), dead_letters=min(given_up, limit), oldest=min(pending, default=None)
        )

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[DeadLetter]:
        with self.handle.book.lock:
            found = [pending for pending in self._given_up(subscriber) if after is None or pending.entry.id > after]
            found.sort(key=lambda pending: (pending.entry.id, pending.state.subscriber))
            return [
                DeadLetter(
                    subscriber=pending.state.subscriber,
                    entry=entry_copy(pending.entry),
                    attempts=pending.state.attempts,
                    error=pending.state.error,
                )
                for pending in found[:limit]
            ]

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        with self.handle.book.lock:
            found = [pending.state for pending in self._given_up(subscriber) if event_id in (None, pending.entry.id)]
            again = [_anew(state) for state in found]
            self.handle.book.do(Step(deliveries=again))
        self.handle.book.tell()
        return len(again)

    def _given_up(self, subscriber: str | None) -> Iterator[Owed]:
        for name, deliveries in self.handle.book.state.pending.items():
            if subscriber in (None, name):
                yield from (pending for pending in deliveries.values() if pending.state.dead_letters)

    def _held(self, delivery: Delivery) -> list[Owed]:
        pending = self.handle.book.state.pending[delivery.subscriber].get(delivery.entry.id)
        return [pending] if pending is not None and pending.lease == delivery.lease else []


def _anew(state: DeliveryState) -> DeliveryState:
    return replace(state, attempts=0, due_at=None, error="", dead_letters=False)


def _is_due(pending: Owed, now: datetime) -> bool:
    due = pending.state.due_at is None or pending.state.due_at <= now
    return due and (pending.leased_until is None or pending.leased_until <= now)
