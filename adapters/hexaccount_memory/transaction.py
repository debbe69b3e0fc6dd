from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import LookUp, RecordType
from hexaccount.store_kit.row_table import with_references
from hexaccount.store_kit.rules import broken_rule
from hexaccount.store_kit.transaction import Batch, BrokenRule, StoredRow, Transaction
from hexaccount_memory.tables import StoredDelivery, Tables, entry_copy


@dataclass(frozen=True, slots=True)
class MemoryTransaction(Transaction):
    """Reads and writes rows in memory; a commit checks all rules before it writes anything."""

    tables: Tables

    def rows(self, record_type: RecordType[Any], field: str, values: Collection[object]) -> Sequence[StoredRow]:
        with self.tables.lock:
            return self.tables.table(record_type).find(field, values)

    def with_references(self, record_type: RecordType[Any], key: object) -> Sequence[StoredRow] | None:
        with self.tables.lock:
            return with_references(self.tables.table, record_type, key)

    def page(
        self,
        record_type: RecordType[Any],
        look_up: LookUp,
        values: Mapping[str, object],
        *,
        limit: int | None,
        after: object,
    ) -> Sequence[StoredRow]:
        with self.tables.lock:
            return self.tables.table(record_type).page(look_up, values, limit=limit, after=after)

    def journal(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        with self.tables.lock:
            return [entry_copy(entry) for entry in self.tables.journal.get((aggregate, aggregate_id), ())]

    def is_handled(self, subscriber: str, event_id: UUID) -> bool:
        with self.tables.lock:
            return (subscriber, event_id) in self.tables.inbox

    def write(self, batch: Batch) -> bool:
        with self.tables.lock:
            if (error := broken_rule(batch, self)) is not None:
                raise BrokenRule(error)
            self.tables.inbox.update(batch.handled)
            for change in batch.changes:
                self.tables.table(change.record_type).put(change.key, change.row)
            for key, entries in groupby(batch.entries, lambda entry: (entry.aggregate, entry.aggregate_id)):
                self._append(key, list(entries))
        return bool(batch.entries)

    def end(self) -> None:
        """Do nothing: memory has no connections."""

    def _append(self, key: tuple[str, UUID], entries: Sequence[JournalEntry]) -> None:
        self.tables.journal[key].extend(entries)
        for subscriber, types in self.tables.subscriptions.items():
            deliveries = [StoredDelivery(entry=entry) for entry in entries if {entry.type, "*"} & types]
            if deliveries:
                self.tables.deliveries[subscriber].setdefault(key, []).extend(deliveries)
