"""Bugs of stores that compute rows from the journal, and one of a store that lacks a part of the port."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import pytest

from hexaccount.accounts.user import User
from hexaccount.accounts.users import USERS
from hexaccount.events.event_codec import from_entry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.records import RecordType
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import SESSIONS
from hexaccount.store_kit.row_table import RowTable
from hexaccount.store_kit.transaction import Batch, StoredRow
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import found_by

AGGREGATES: dict[RecordType[Any], type[Aggregate]] = {USERS: User, SESSIONS: Session}


def folded(transaction: MemoryTransaction, record_type: RecordType[Any], row: StoredRow) -> StoredRow:
    """Return a row of an aggregate as its journal gives it."""
    aggregate = AGGREGATES.get(record_type)
    if aggregate is None:
        return row
    events = [from_entry(entry) for entry in transaction.journal(aggregate.kind, row.values[0])]
    return replace(row, values=record_type.dump(aggregate.fold(events)))


@found_by("UnfoldedState", "test_a_field_outside_events_is_read_as_it_was_written")
def rows_are_folded_from_the_journal(patch: pytest.MonkeyPatch) -> None:
    rows = MemoryTransaction.rows

    def folded_rows(
        self: MemoryTransaction, record_type: RecordType[Any], field: str, values: Collection[object]
    ) -> Sequence[StoredRow]:
        return [folded(self, record_type, row) for row in rows(self, record_type, field, values)]

    patch.setattr(MemoryTransaction, "rows", folded_rows)


@found_by("UnfoldedState", "test_later_events_leave_it_as_it_is")
def a_row_is_folded_anew_at_each_event(patch: pytest.MonkeyPatch) -> None:
    write = MemoryTransaction.write

    def write_folded(self: MemoryTransaction, batch: Batch) -> bool:
        enqueued = write(self, batch)
        for change in batch.changes:
            table: RowTable = self.tables.table(change.record_type)
            if change.row is not None and any(entry.aggregate_id == change.key for entry in batch.entries):
                table.put(change.key, folded(self, change.record_type, change.row))
        return enqueued

    patch.setattr(MemoryTransaction, "write", write_folded)


@found_by("StorePort", "test_the_store_is_complete")
def the_outbox_counts_no_backlog(patch: pytest.MonkeyPatch) -> None:
    patch.delattr(MemoryOutbox, "backlog")
