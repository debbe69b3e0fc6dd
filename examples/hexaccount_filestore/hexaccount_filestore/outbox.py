from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from msgspec.structs import replace

from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.outbox import Backlog, Delivery, Outbox, SetAside, SetAsideDeliveries
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import Delivery as DeliveryState
from hexaccount_filestore.state import Owed, Step, entry_copy


@dataclass(frozen=True, slots=True)
class FileOutbox(Outbox, SetAsideDeliveries):
    """The deliveries that are owed, the given-up ones among them."""

    handle: Handle

    def enrol(self, subscriber: str, event_types: Collection[str]) -> None:
        with self.handle.book.lock:
            types = sorted(event_types)
            if self.handle.book.state.subscriptions.get(subscriber) != types:
                self.handle.book.do(Step(enrolled={subscriber: types}))

    def owe(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        with self.handle.book.lock:
            owed = self.handle.book.state.owed[subscriber]
            missing = [entry.id for entry in entries if entry.id not in owed]
            there = [owed[entry.id].state for entry in entries if entry.id in owed]
            again = [_anew(state) for state in there if state.set_aside]
            self.handle.book.do(Step(owed={subscriber: missing} if missing else {}, deliveries=again))
        self.handle.book.tell()

    def claim(self, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        token = uuid4()
        waiting: set[tuple[str, UUID]] = set()
        claimed: list[Owed] = []
        with self.handle.book.lock:
            for owed in self.handle.book.state.owed[subscriber].values():
                aggregate = owed.entry.aggregate, owed.entry.aggregate_id
                if len(claimed) == limit:
                    break
                if owed.state.set_aside or aggregate in waiting:
                    continue
                if not _is_due(owed, now):
                    waiting.add(aggregate)
                    continue
                owed.lease, owed.leased_until = token, now + lease
                claimed.append(owed)
            return [
                Delivery(subscriber=subscriber, entry=entry_copy(owed.entry), attempts=owed.state.attempts, lease=token)
                for owed in claimed
            ]

    def settle(self, deliveries: Collection[Delivery]) -> None:
        with self.handle.book.lock:
            self.handle.book.do(Step(settled=[(each.subscriber, each.entry.id) for each in deliveries]))

    def postpone(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        with self.handle.book.lock:
            for owed in self._held(delivery):
                state = replace(owed.state, attempts=owed.state.attempts + 1, due_at=until, error=error)
                self.handle.book.do(Step(deliveries=[state]))

    def set_aside(self, delivery: Delivery, *, error: str) -> None:
        with self.handle.book.lock:
            for owed in self._held(delivery):
                state = replace(owed.state, attempts=owed.state.attempts + 1, set_aside=True, error=error)
                self.handle.book.do(Step(deliveries=[state]))
        self.handle.book.tell()

    def release(self, deliveries: Collection[Delivery]) -> None:
        with self.handle.book.lock:
            for delivery in deliveries:
                for owed in self._held(delivery):
                    owed.lease, owed.leased_until = None, None

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        with self.handle.book.lock:
            deliveries = self.handle.book.state.owed[subscriber].values()
            owed = [each.entry.id for each in deliveries if not each.state.set_aside]
            given_up = len(deliveries) - len(owed)
        return Backlog(owed=min(len(owed), limit), set_aside=min(given_up, limit), oldest=min(owed, default=None))

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[SetAside]:
        with self.handle.book.lock:
            found = [owed for owed in self._given_up(subscriber) if after is None or owed.entry.id > after]
            found.sort(key=lambda owed: (owed.entry.id, owed.state.subscriber))
            return [
                SetAside(
                    subscriber=owed.state.subscriber,
                    entry=entry_copy(owed.entry),
                    attempts=owed.state.attempts,
                    error=owed.state.error,
                )
                for owed in found[:limit]
            ]

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        with self.handle.book.lock:
            found = [owed.state for owed in self._given_up(subscriber) if event_id in (None, owed.entry.id)]
            again = [_anew(state) for state in found]
            self.handle.book.do(Step(deliveries=again))
        self.handle.book.tell()
        return len(again)

    def _given_up(self, subscriber: str | None) -> Iterator[Owed]:
        for name, deliveries in self.handle.book.state.owed.items():
            if subscriber in (None, name):
                yield from (owed for owed in deliveries.values() if owed.state.set_aside)

    def _held(self, delivery: Delivery) -> list[Owed]:
        owed = self.handle.book.state.owed[delivery.subscriber].get(delivery.entry.id)
        return [owed] if owed is not None and owed.lease == delivery.lease else []


def _anew(state: DeliveryState) -> DeliveryState:
    return replace(state, attempts=0, due_at=None, error="", set_aside=False)


def _is_due(owed: Owed, now: datetime) -> bool:
    due = owed.state.due_at is None or owed.state.due_at <= now
    return due and (owed.leased_until is None or owed.leased_until <= now)
