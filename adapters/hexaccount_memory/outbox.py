from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Backlog, DeadLetter, DeadLetters, Delivery, Outbox
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount_memory.tables import OwedDelivery, Tables, entry_copy


@dataclass(frozen=True, slots=True)
class MemoryOutbox(Outbox, DeadLetters):
    """The deliveries in memory, the given-up ones among them."""

    tables: Tables
    commits: CommitSignal

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        with self.tables.lock:
            self.tables.subscriptions[subscriber] = frozenset(event_types)

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        with self.tables.lock:
            for entry in entries:
                waiting = self.tables.pending[subscriber].setdefault((entry.aggregate, entry.aggregate_id), [])
                there = next((pending for pending in waiting if pending.entry.id == entry.id), None)
                if there is None:
                    waiting.append(OwedDelivery(entry=entry_copy(entry)))
                    waiting.sort(key=lambda pending: pending.entry.sequence)
                elif there.dead_letters:
                    _owe_again(there)
        self.commits.give()

    def claim(self, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        claimed: list[Delivery] = []
        token = uuid4()
        with self.tables.lock:
            for waiting in self.tables.pending[subscriber].values():
                for pending in waiting:
                    if len(claimed) == limit:
                        return claimed
                    if pending.dead_letters:
                        continue
                    if not _is_due(pending, now):
                        break  # the later events of this aggregate wait for it
                    pending.lease, pending.leased_until = token, now + lease
                    claimed.append(
                        Delivery(
                            subscriber=subscriber,
                            entry=entry_copy(pending.entry),
                            attempts=pending.attempts,
                            lease=token,
                        )
                    )
        return claimed

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        with self.tables.lock:
            for delivery in deliveries:
                waiting = self._waiting(delivery)
                waiting[:] = [pending for pending in waiting if pending.entry.id != delivery.entry.id]
                if not waiting:
                    self.tables.pending[delivery.subscriber].pop(_pair(delivery), None)

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        with self.tables.lock:
            for pending in self._held(delivery):
                pending.attempts += 1
                pending.due_at, pending.error, pending.lease, pending.leased_until = until, error, None, None

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        with self.tables.lock:
            for pending in self._held(delivery):
                pending.attempts += 1
                pending.dead_letters, pending.error, pending.lease, pending.leased_until = True, error, None, None
        self.commits.give()

    def release(self, deliveries: Collection[Delivery]) -> None:
        with self.tables.lock:
            for delivery in deliveries:
                for pending in self._held(delivery):
                    pending.lease, pending.leased_until = None, None

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        with self.tables.lock:
            waiting = [pending for pair in self.tables.pending[subscriber].values() for pending in pair]
            owed_ids = [pending.entry.id for pending in waiting if not pending.dead_letters]
            return Backlog(
                pending=min(len(owed_ids), limit),
                dead_letters=min(len(waiting) - len(owed_ids), limit),
                oldest=min(owed_ids, default=None),
            )

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[DeadLetter]:
        with self.tables.lock:
            given_up = sorted(
                (pending.entry.id, name)
                for name, pending in self._all()
                if pending.dead_letters and subscriber in (None, name) and (after is None or pending.entry.id > after)
            )
            by_key = {(pending.entry.id, name): pending for name, pending in self._all()}
            return [
                DeadLetter(
                    subscriber=name, entry=entry_copy(pending.entry), attempts=pending.attempts, error=pending.error
                )
                for event_id, name in given_up[:limit]
                for pending in (by_key[event_id, name],)
            ]

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        retried = 0
        with self.tables.lock:
            for name, pending in self._all():
                if pending.dead_letters and subscriber in (None, name) and event_id in (None, pending.entry.id):
                    _owe_again(pending)
                    retried += 1
        self.commits.give()
        return retried

    def _all(self) -> Iterator[tuple[str, OwedDelivery]]:
        for name, pairs in self.tables.pending.items():
            for waiting in pairs.values():
                for pending in waiting:
                    yield name, pending

    def _waiting(self, delivery: Delivery) -> list[OwedDelivery]:
        return self.tables.pending[delivery.subscriber].get(_pair(delivery), [])

    def _held(self, delivery: Delivery) -> list[OwedDelivery]:
        return [
            pending
            for pending in self._waiting(delivery)
            if pending.entry.id == delivery.entry.id and pending.lease == delivery.lease
        ]


def _pair(delivery: Delivery) -> tuple[str, UUID]:
    return delivery.entry.aggregate, delivery.entry.aggregate_id


def _owe_again(pending: OwedDelivery) -> None:
    pending.dead_letters, pending.attempts, pending.due_at, pending.error = False, 0, None, ""


def _is_due(pending: OwedDelivery, now: datetime) -> bool:
    due = pending.due_at is None or pending.due_at <= now
    free = pending.leased_until is None or pending.leased_until <= now
    return due and free
