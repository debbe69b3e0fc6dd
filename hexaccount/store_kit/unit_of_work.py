"""The unit of work of every store, on what a store implements: a Transaction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventsUnitOfWork, Inbox, Journal
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.records import LookUp, Records, RecordType
from hexaccount.store_kit.event_recorder import CommitHook, EventRecorder
from hexaccount.store_kit.identity_map import IdentityMap, Tracked
from hexaccount.store_kit.rules import broken_rule, lost_race, taken_error, takes_freed_value
from hexaccount.store_kit.transaction import Batch, BrokenRule, RowChange, StoredRow, Transaction

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class TrackedRecords(Records[R]):
    """The records of one type, tracked by the identity map of a unit of work."""

    record_type: RecordType[R]
    identity_map: IdentityMap
    transaction: Transaction

    def get(self, key: object) -> R | None:
        known = self.identity_map.find(self.record_type, key)
        if known is not None:
            found: R | None = known.look_up()
            return found
        return None if self.identity_map.is_absent(self.record_type, key) else self.find(self.record_type.key.name, key)

    def find(self, field: str, value: object) -> R | None:
        for row in self.transaction.rows(self.record_type, field, [value]):
            return self._track(row)
        return None

    def with_references(self, key: object) -> tuple[Any, ...] | None:
        rows = self.transaction.with_references(self.record_type, key)
        if rows is None:
            return None
        types: list[RecordType[Any]] = [self.record_type]
        while (reference := types[-1].reference) is not None:
            types.append(reference.to)
        found = tuple(self.identity_map.track(kind, row) for kind, row in zip(types, rows, strict=True))
        return None if None in found else found

    def page(self, look_up: LookUp, *, limit: int | None, after: object = None, **values: object) -> Sequence[R]:
        rows = self.transaction.page(self.record_type, look_up, values, limit=limit, after=after)
        return [found for row in rows if (found := self._track(row)) is not None]

    def prefetch(self, keys: Sequence[object]) -> None:
        found = self.transaction.rows(self.record_type, self.record_type.key.name, list(keys))
        for row in found:
            self._track(row)
        for key in set(keys) - {row.values[0] for row in found}:
            self.identity_map.note_absent(self.record_type, key)

    def add(self, record: R) -> None:
        key = self.record_type.dump(record)[0]
        known = self.identity_map.find(self.record_type, key)
        if known is not None and not known.removed:
            raise taken_error(self.record_type, record, key)
        self.identity_map.add(self.record_type, record)

    def replace(self, record: R) -> None:
        self._tracked(record).record = record

    def remove(self, record: R) -> None:
        self._tracked(record).removed = True

    def _tracked(self, record: R) -> Any:
        key = self.record_type.dump(record)[0]
        if self.get(key) is None:
            raise LookupError(f"there is no {self.record_type.kind} {key}")
        return self.identity_map.find(self.record_type, key)

    def _track(self, row: StoredRow) -> R | None:
        tracked: R | None = self.identity_map.track(self.record_type, row)
        return tracked


@dataclass(frozen=True, slots=True)
class _Journal(Journal):
    transaction: Transaction
    read: Callable[[Sequence[JournalEntry]], Sequence[JournalEntry]]

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        return self.read(self.transaction.journal(aggregate, aggregate_id))


@dataclass(frozen=True, slots=True)
class _Inbox(Inbox):
    handled: list[tuple[str, UUID]]

    def add(self, subscriber: str, event_id: UUID) -> None:
        self.handled.append((subscriber, event_id))


class StoreUnitOfWork(EventsUnitOfWork):
    """A unit of work on a transaction of a store."""

    def __init__(self, transaction: Transaction, recorder: EventRecorder, commits: CommitSignal) -> None:
        self._transaction = transaction
        self._recorder = recorder
        self._commits = commits
        self._identity_map = IdentityMap()
        self._handled: list[tuple[str, UUID]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._identity_map.clear()
        self._handled.clear()
        self._transaction.end()

    def records(self, record_type: RecordType[R]) -> Records[R]:
        return TrackedRecords(record_type, self._identity_map, self._transaction)

    @property
    def journal(self) -> Journal:
        return _Journal(self._transaction, lambda entries: self._recorder.read(entries, self))

    @property
    def inbox(self) -> Inbox:
        return _Inbox(self._handled)

    def commit(self) -> None:
        changed = self._changes(self._identity_map)
        entries = [entry for tracked, _ in changed for entry in tracked.entries(self._recorder)]
        known = len(self._identity_map)
        stored = self._recorder.stored(entries, self)
        changed += self._changes(islice(self._identity_map, known, None))
        batch = Batch([change for _, change in changed], stored, self._handled)
        if batch.empty:
            return
        _run(self._recorder.before_commit, entries)
        if takes_freed_value(batch):
            raise broken_rule(batch, self._transaction) or lost_race(batch)
        try:
            enqueued = self._transaction.write(batch)
        except BrokenRule as error:
            raise (error.error or broken_rule(batch, self._transaction) or lost_race(batch)) from error
        _run(self._recorder.on_commit, entries)
        for tracked, change in changed:
            tracked.committed(change)
        self._handled.clear()
        if enqueued:
            self._commits.give()

    @staticmethod
    def _changes(records: Iterable[Tracked]) -> list[tuple[Tracked, RowChange]]:
        return [(tracked, change) for tracked in records if (change := tracked.change())]


def _run(hooks: Sequence[CommitHook], entries: Sequence[JournalEntry]) -> None:
    for hook in hooks:
        hook(entries)
