"""Writing the rows of a commit, in one dialect."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

import sqlalchemy as sa

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.store_kit.transaction import Batch, RowChange
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.schema import journal

Insert: TypeAlias = Callable[[sa.Table], Any]
"""A dialect's INSERT, which has ON CONFLICT."""

Rows: TypeAlias = list[dict[str, Any]]

ENTRY_COLUMNS = [journal.c[name] for name in JournalEntry._fields]
"""What `entry_from` takes, in order."""


class Writer(Protocol):
    """Writes commits in one dialect."""

    insert: Insert

    def write(self, connection: PlainConnection, batch: Batch) -> bool:
        """Write all or nothing, and return whether deliveries were enqueued.

        Raises sqlalchemy.exc.IntegrityError, or LostRace if a row to change has another revision than its change.
        """
        ...

    def check(self, connection: PlainConnection) -> None:
        """Return if a commit could be written at this moment, and write nothing; raises as `Store.check`."""
        ...


class LostRace(Exception):
    """A row to change has another revision than the one that was read."""


def row_of(change: RowChange) -> dict[str, Any]:
    """Return the row to store by the names of its columns; that of a removal has none."""
    row = {field.name: value for field, value in zip(change.record_type.fields, change.values or (), strict=False)}
    return {**row, "revision": change.next_revision}


def entry_row(entry: JournalEntry) -> dict[str, Any]:
    """Return the row of a journal entry."""
    return entry._asdict()


def entry_from(row: Sequence[Any]) -> JournalEntry:
    """Return the entry of a row of ENTRY_COLUMNS."""
    return JournalEntry._make(row)


def inbox_rows(batch: Batch) -> Rows:
    """Return the new rows of the inbox."""
    return [{"subscriber": subscriber, "event_id": event_id} for subscriber, event_id in batch.handled]
