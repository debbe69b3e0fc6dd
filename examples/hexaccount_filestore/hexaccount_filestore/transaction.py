from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import LookUp, RecordType
from hexaccount.store_kit.row_table import with_references
from hexaccount.store_kit.rules import broken_rule
from hexaccount.store_kit.transaction import Batch, BrokenRule, StoredRow, Transaction
from hexaccount_filestore.database import Handle
from hexaccount_filestore.file_rows import FileRow
from hexaccount_filestore.state import Changes, entry_copy


@dataclass(frozen=True, slots=True)
class FileTransaction(Transaction):
    """Reads rows in memory; a commit checks all rules under the lock, and is one record of the file."""

    handle: Handle

    def rows(self, record_type: RecordType[Any], field: str, values: Collection[object]) -> Sequence[StoredRow]:
        with self.handle.database.lock:
            return self.handle.database.state.table(record_type).find(field, values)

    def with_references(self, record_type: RecordType[Any], key: object) -> Sequence[StoredRow] | None:
        with self.handle.database.lock:
            return with_references(self.handle.database.state.table, record_type, key)

    def page(
        self,
        record_type: RecordType[Any],
        look_up: LookUp,
        values: Mapping[str, object],
        *,
        limit: int | None,
        after: object,
    ) -> Sequence[StoredRow]:
        with self.handle.database.lock:
            return self.handle.database.state.table(record_type).page(look_up, values, limit=limit, after=after)

    def journal(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        with self.handle.database.lock:
            entries = self.handle.database.state.journals.get((aggregate, aggregate_id), ())
            return [entry_copy(entry) for entry in entries]

    def is_handled(self, subscriber: str, event_id: UUID) -> bool:
        with self.handle.database.lock:
            return (subscriber, event_id) in self.handle.database.state.inbox

    def write(self, batch: Batch) -> bool:
        rows = [FileRow.of(change.record_type, change.key, change.row) for change in batch.changes]
        with self.handle.database.lock:
            if (error := broken_rule(batch, self)) is not None:
                raise BrokenRule(error)
            self.handle.database.write(Changes(rows=rows, entries=list(batch.entries), inbox=list(batch.handled)))
        return bool(batch.entries)

    def end(self) -> None:
        """Do nothing: reads and writes hold the lock only while they run."""
