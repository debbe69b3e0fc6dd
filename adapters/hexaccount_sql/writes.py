"""The rows that one commit writes, grouped by table, for both dialects."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from hexaccount.store_kit.identity_map import Change
from hexaccount.store_kit.pending_writes import PendingWrites
from hexaccount_sql import schema
from hexaccount_sql.idempotency_records import Insert
from hexaccount_sql.idempotency_records import row_of as row_of_request
from hexaccount_sql.rows import TABLES, entry_row, row_of, token_row

Rows = list[dict[str, Any]]


def changing(table: sa.Table) -> list[str]:
    """Return the columns of a table that an update writes."""
    return [column.name for column in table.columns if column.name not in {"id", "password_hash"}]


@dataclass(slots=True)
class Writes:
    """The rows of one commit.

    A row of `updates` carries the version that must be stored as `stored_version`. It has no password hash, which the
    version does not cover: `hashes` holds rows of `id`, `old` and `new`, and `new` replaces the stored hash if that is
    still `old`, or if `old` is None. `spent` holds used refresh tokens, `answered` completed idempotency records, which
    may be stored already.
    """

    inserts: dict[sa.Table, Rows] = field(default_factory=dict)
    updates: dict[sa.Table, Rows] = field(default_factory=dict)
    hashes: Rows = field(default_factory=list)
    spent: Rows = field(default_factory=list)
    answered: Rows = field(default_factory=list)

    @classmethod
    def of(cls, changes: Sequence[Change], pending_writes: PendingWrites) -> "Writes":
        """Return the rows of changed aggregates and pending writes."""
        writes = cls()
        if pending_writes.handled:
            writes.inserts[schema.inbox] = [
                {"subscriber": subscriber, "event_id": event_id} for subscriber, event_id in pending_writes.handled
            ]
        # One order for all writers avoids deadlocks.
        changes = sorted(changes, key=lambda change: (change.aggregate.kind, change.aggregate.id))
        for change in changes:
            row, table = row_of(change.aggregate), TABLES[type(change.aggregate)]
            if change.stored_version:
                writes.updates.setdefault(table, []).append({**row, "stored_version": change.stored_version})
            else:
                writes.inserts.setdefault(table, []).append(row)
        entries = [entry_row(entry) for change in changes for entry in change.entries]
        if entries:
            writes.inserts[schema.journal] = entries
        new_tokens = [token_row(token) for token in pending_writes.tokens if token.spent_at is None]
        if new_tokens:
            writes.inserts[schema.refresh_tokens] = new_tokens
        writes.spent = [token_row(token) for token in pending_writes.tokens if token.spent_at is not None]
        writes.hashes = [{"id": user_id, "old": old, "new": new} for user_id, old, new in pending_writes.hashes]
        writes.answered = [row_of_request(request) for request in pending_writes.answered]
        return writes

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to write."""
        return not (self.inserts or self.updates or self.hashes or self.spent or self.answered)


class Writer(Protocol):
    """Writes a commit in one dialect."""

    insert: Insert

    def write(self, connection: sa.Connection, writes: Writes) -> bool:
        """Write all or nothing, and return whether deliveries were enqueued.

        Raises sqlalchemy.exc.IntegrityError, and LostRace if a row to update has another version than `stored_version`.
        """
        ...


class LostRace(Exception):
    """A row to update has another version than the one that was read."""
