"""What one commit writes, grouped by table, whichever database it goes to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from hexaccount.application.work_in_hand import Change
from hexaccount_sql import schema
from hexaccount_sql.rows import TABLES, entry_row, row_of

Rows = list[dict[str, Any]]


@dataclass(slots=True)
class Writes:
    """The rows of one commit.

    A row to update carries the version that must be stored as `stored_version`. `hashes` holds rows of `id`, `old`
    and `new` password hashes, of which those with another `old` by now are to be left alone.
    """

    inserts: dict[sa.Table, Rows] = field(default_factory=dict)
    updates: dict[sa.Table, Rows] = field(default_factory=dict)
    hashes: Rows = field(default_factory=list)

    @classmethod
    def of(
        cls, changes: Sequence[Change], *, handled: Sequence[tuple[str, UUID]], hashes: Sequence[tuple[UUID, str, str]]
    ) -> "Writes":
        """Return what these changes, inbox entries and new hashes come to."""
        writes = cls()
        if handled:
            writes.inserts[schema.inbox] = [
                {"subscriber": subscriber, "event_id": event_id} for subscriber, event_id in handled
            ]
        for change in changes:
            row, table = row_of(change.aggregate), TABLES[type(change.aggregate)]
            if change.stored_version:
                writes.updates.setdefault(table, []).append({**row, "stored_version": change.stored_version})
            else:
                writes.inserts.setdefault(table, []).append(row)
        entries = [entry_row(entry) for change in changes for entry in change.entries]
        if entries:
            writes.inserts[schema.journal] = entries
        for user_id, old, new in hashes:
            writes.replace_hash(user_id, old=old, new=new)
        return writes

    def replace_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        """Order a new hash, in the account's own row if that is written anyway: PostgreSQL changes a row only once."""
        written = [*self.inserts.get(schema.users, []), *self.updates.get(schema.users, [])]
        for row in written:
            if row["id"] == user_id:
                row["password_hash"] = new if row["password_hash"] == old else row["password_hash"]
                return
        self.hashes.append({"id": user_id, "old": old, "new": new})

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to write."""
        return not (self.inserts or self.updates or self.hashes)


class Writer(Protocol):
    """Writes a commit into one kind of database."""

    def write(self, connection: sa.Connection, writes: Writes) -> bool:
        """Write all or nothing and tell whether deliveries are owed for it.

        Raises sqlalchemy.exc.IntegrityError, and LostRace when a row to update is not as it was read.
        """
        ...


class LostRace(Exception):
    """A row to update is not in the version in which it was read."""
