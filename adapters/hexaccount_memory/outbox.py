from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hexaccount.application.commit_signal import CommitSignal
from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.outbox import Backlog, Delivery, Outbox, SetAside, SetAsideDeliveries
from hexaccount_memory.tables import OwedDelivery, Tables, entry_copy


@dataclass(frozen=True, slots=True)
class MemoryOutbox(Outbox, SetAsideDeliveries):
    """The deliveries in memory, the given-up ones among them."""

    tables: Tables
    commits: CommitSignal

    def enrol(self, subscriber: str, event_types: Collection[str]) -> None:
        with self.tables.lock:
            self.tables.subscriptions[subscriber] = frozenset(event_types)

    def owe(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        with self.tables.lock:
            for entry in entries:
                waiting = self.tables.owed[subscriber].setdefault((entry.aggregate, entry.aggregate_id), [])
                there = next((owed for owed in waiting if owed.entry.id == entry.id), None)
                if there is None:
                    waiting.append(OwedDelivery(entry=entry_copy(entry)))
                    waiting.sort(key=lambda owed: owed.entry.sequence)
                elif there.set_aside:
                    _owe_again(there)
        self.commits.give()

    def claim(self, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        claimed: list[Delivery] = []
        token = uuid4()
        with self.tables.lock:
            for waiting in self.tables.owed[subscriber].values():
                for owed in waiting:
                    if len(claimed) == limit:
                        return claimed
                    if owed.set_aside:
                        continue
                    if not _is_due(owed, now):
                        break  # the later events of this aggregate wait for it
                    owed.lease, owed.leased_until = token, now + lease
                    claimed.append(
                        Delivery(
                            subscriber=subscriber, entry=entry_copy(owed.entry), attempts=owed.attempts, lease=token
                        )
                    )
        return claimed

    def settle(self, deliveries: Collection[Delivery]) -> None:
        with self.tables.lock:
            for delivery in deliveries:
                waiting = self._waiting(delivery)
                waiting[:] = [owed for owed in waiting if owed.entry.id != delivery.entry.id]
                if not waiting:
                    self.tables.owed[delivery.subscriber].pop(_pair(delivery), None)

    def postpone(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        with self.tables.lock:
            for owed in self._held(delivery):
                owed.attempts += 1
                owed.due_at, owed.error, owed.lease, owed.leased_until = until, error, None, None

    def set_aside(self, delivery: Delivery, *, error: str) -> None:
        with self.tables.lock:
            for owed in self._held(delivery):
                owed.attempts += 1
                owed.set_aside, owed.error, owed.lease, owed.leased_until = True, error, None, None
        self.commits.give()

    def release(self, deliveries: Collection[Delivery]) -> None:
        with self.tables.lock:
            for delivery in deliveries:
                for owed in self._held(delivery):
                    owed.lease, owed.leased_until = None, None

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        with self.tables.lock:
            waiting = [owed for pair in self.tables.owed[subscriber].values() for owed in pair]
            owed_ids = [owed.entry.id for owed in waiting if not owed.set_aside]
            return Backlog(
                owed=min(len(owed_ids), limit),
                set_aside=min(len(waiting) - len(owed_ids), limit),
                oldest=min(owed_ids, default=None),
            )

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[SetAside]:
        with self.tables.lock:
            given_up = sorted(
                (owed.entry.id, name)
                for name, owed in self._all()
                if owed.set_aside and subscriber in (None, name) and (after is None or owed.entry.id > after)
            )
            by_key = {(owed.entry.id, name): owed for name, owed in self._all()}
            return [
                SetAside(subscriber=name, entry=entry_copy(owed.entry), attempts=owed.attempts, error=owed.error)
                for event_id, name in given_up[:limit]
                for owed in (by_key[event_id, name],)
            ]

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        retried = 0
        with self.tables.lock:
            for name, owed in self._all():
                if owed.set_aside and subscriber in (None, name) and event_id in (None, owed.entry.id):
                    _owe_again(owed)
                    retried += 1
        self.commits.give()
        return retried

    def _all(self) -> Iterator[tuple[str, OwedDelivery]]:
        for name, pairs in self.tables.owed.items():
            for waiting in pairs.values():
                for owed in waiting:
                    yield name, owed

    def _waiting(self, delivery: Delivery) -> list[OwedDelivery]:
        return self.tables.owed[delivery.subscriber].get(_pair(delivery), [])

    def _held(self, delivery: Delivery) -> list[OwedDelivery]:
        return [
            owed
            for owed in self._waiting(delivery)
            if owed.entry.id == delivery.entry.id and owed.lease == delivery.lease
        ]


def _pair(delivery: Delivery) -> tuple[str, UUID]:
    return delivery.entry.aggregate, delivery.entry.aggregate_id


def _owe_again(owed: OwedDelivery) -> None:
    owed.set_aside, owed.attempts, owed.due_at, owed.error = False, 0, None, ""


def _is_due(owed: OwedDelivery, now: datetime) -> bool:
    due = owed.due_at is None or owed.due_at <= now
    free = owed.leased_until is None or owed.leased_until <= now
    return due and free
