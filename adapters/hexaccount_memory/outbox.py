from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from uuid import UUID, uuid4

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import NEVER, Backlog, ClaimedBatch, DeadLetter, DeadLetters, Delivery, JournalKey, Outbox
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.store_kit.leased_hold import hold_by_lease
from hexaccount_memory.tables import StoredDelivery, Tables, entry_copy


@dataclass(frozen=True, slots=True)
class MemoryOutbox(Outbox, DeadLetters):
    """The deliveries in memory, dead letters included."""

    tables: Tables
    commits: CommitSignal

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        with self.tables.lock:
            self.tables.subscriptions[subscriber] = frozenset(event_types)

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        with self.tables.lock:
            for entry in self._in_the_journal(entries):
                waiting = self.tables.deliveries[subscriber].setdefault(_aggregate_of(entry), [])
                stored = next((each for each in waiting if each.entry.id == entry.id), None)
                if stored is None:
                    waiting.append(StoredDelivery(entry=entry_copy(entry)))
                    waiting.sort(key=lambda stored: stored.entry.sequence)
                elif stored.dead_letter:
                    _revive(stored)
        self.commits.give()

    def _in_the_journal(self, entries: Sequence[JournalEntry]) -> list[JournalEntry]:
        journals = {(entry.aggregate, entry.aggregate_id) for entry in entries}
        stored = {entry.id for journal in journals for entry in self.tables.journal.get(journal, ())}
        return [entry for entry in entries if entry.id in stored]

    def claim(
        self,
        subscriber: str,
        *,
        limit: int,
        now: datetime,
        lease: timedelta,
        latest: datetime = NEVER,
        after: UUID | None = None,  # noqa: ARG002 - what was acknowledged is no longer there to be passed
    ) -> ClaimedBatch:
        token = uuid4()
        with self.tables.lock:
            aggregates = self.tables.deliveries[subscriber]
            claimed = list(islice(_claimable(aggregates, now, latest), limit))
            for stored in claimed:
                stored.lease, stored.leased_until = token, now + lease
            # Those that were served come last, so that one that never runs out of events does not starve others.
            for key in {_aggregate_of(stored.entry) for stored in claimed}:
                aggregates[key] = aggregates.pop(key)
            deliveries = [Delivery(subscriber, entry_copy(stored.entry), stored.attempts, token) for stored in claimed]
        return ClaimedBatch(deliveries, deliveries[-1].entry.id if len(deliveries) == limit else None)

    hold = hold_by_lease

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        with self.tables.lock:
            for delivery in deliveries:
                waiting = self._waiting(delivery)
                waiting[:] = [stored for stored in waiting if stored.entry.id != delivery.entry.id]
                if not waiting:
                    self.tables.deliveries[delivery.subscriber].pop(_aggregate_of(delivery.entry), None)

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        with self.tables.lock:
            for stored in self._held(delivery):
                stored.attempts += 1
                stored.due_at, stored.error, stored.lease, stored.leased_until = until, error, None, None

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        with self.tables.lock:
            for stored in self._held(delivery):
                stored.attempts += 1
                stored.dead_letter, stored.error, stored.lease, stored.leased_until = True, error, None, None
        self.commits.give()

    def release(self, deliveries: Collection[Delivery]) -> None:
        with self.tables.lock:
            for delivery in deliveries:
                for stored in self._held(delivery):
                    stored.lease, stored.leased_until = None, None

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        with self.tables.lock:
            waiting = [stored for deliveries in self.tables.deliveries[subscriber].values() for stored in deliveries]
            pending_ids = [stored.entry.id for stored in waiting if not stored.dead_letter]
            return Backlog(
                pending=min(len(pending_ids), limit),
                dead_letters=min(len(waiting) - len(pending_ids), limit),
                oldest=min(pending_ids, default=None),
            )

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[DeadLetter]:
        with self.tables.lock:
            found = [pair for pair in self._dead_letters(subscriber) if after is None or pair[1].entry.id > after]
            found.sort(key=lambda pair: (pair[1].entry.id, pair[0]))
            return [
                DeadLetter(
                    subscriber=name, entry=entry_copy(stored.entry), attempts=stored.attempts, error=stored.error
                )
                for name, stored in found[:limit]
            ]

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        with self.tables.lock:
            found = [stored for _, stored in self._dead_letters(subscriber) if event_id in (None, stored.entry.id)]
            for stored in found:
                _revive(stored)
        self.commits.give()
        return len(found)

    def _dead_letters(self, subscriber: str | None) -> Iterator[tuple[str, StoredDelivery]]:
        for name, aggregates in self.tables.deliveries.items():
            if subscriber in (None, name):
                for waiting in aggregates.values():
                    yield from ((name, stored) for stored in waiting if stored.dead_letter)

    def _waiting(self, delivery: Delivery) -> list[StoredDelivery]:
        return self.tables.deliveries[delivery.subscriber].get(_aggregate_of(delivery.entry), [])

    def _held(self, delivery: Delivery) -> list[StoredDelivery]:
        return [
            stored
            for stored in self._waiting(delivery)
            if stored.entry.id == delivery.entry.id and stored.lease == delivery.lease
        ]


def _aggregate_of(entry: JournalEntry) -> JournalKey:
    return entry.aggregate, entry.aggregate_id


def _claimable(
    aggregates: Mapping[JournalKey, Sequence[StoredDelivery]], now: datetime, latest: datetime
) -> Iterator[StoredDelivery]:
    """Yield what is due, of each aggregate up to the first delivery that is not: later ones must not overtake it."""
    for waiting in aggregates.values():
        pending = (stored for stored in waiting if not stored.dead_letter)
        yield from takewhile(lambda stored: _is_due(stored, now, latest), pending)


def _revive(stored: StoredDelivery) -> None:
    stored.dead_letter, stored.attempts, stored.due_at, stored.error = False, 0, None, ""


def _is_due(stored: StoredDelivery, now: datetime, latest: datetime) -> bool:
    return not any(until and now < until <= latest for until in (stored.due_at, stored.leased_until))
