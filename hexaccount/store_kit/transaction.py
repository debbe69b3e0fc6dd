"""What a store implements for a unit of work: reading rows, and writing those of a commit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Protocol
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import LookUp, RecordType, Row


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it is stored, with its revision."""

    values: Row = field(repr=False)
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """A row to write if `revision` is stored; 0 says that it is new. `values` are None for one to remove.

    It is stored with `next_revision`; `before` are the values that were read.
    """

    record_type: RecordType[Any]
    key: Any
    revision: int
    next_revision: int
    values: Row | None = field(repr=False)
    record: Any = field(repr=False)
    before: Row | None = field(default=None, repr=False)

    @property
    def row(self) -> StoredRow | None:
        """Return the row to store, None for one to remove."""
        return None if self.values is None else StoredRow(self.values, self.next_revision)

    @property
    def is_new(self) -> bool:
        return self.revision == 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit writes.

    handled: inbox rows, the name of a subscriber and the id of an event that it has handled.
    """

    changes: Sequence[RowChange]
    entries: Sequence[JournalEntry]
    handled: Sequence[tuple[str, UUID]]

    @property
    def empty(self) -> bool:
        return not (self.changes or self.entries or self.handled)

    def by_type(self, *, new: bool = False, changed: bool = False, removed: bool = False) -> "list[Changes]":
        """Return changes of these kinds, by record type; one order for all writers avoids deadlocks."""
        chosen = [
            change
            for change in self.changes
            if (removed if change.values is None else new if change.is_new else changed)
        ]
        chosen.sort(key=lambda change: (change.record_type.name, change.key))
        return [Changes(kind, list(found)) for kind, found in groupby(chosen, attrgetter("record_type"))]


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of one record type, by ascending key."""

    record_type: RecordType[Any]
    rows: Sequence[RowChange]


class BrokenRule(Exception):
    """A commit was not written: it would have broken a rule, or a row was changed since it was read.

    `error` is that of the rule, where the store knows it.
    """

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__("a commit breaks a rule")
        self.error = error


class Transaction(Protocol):
    """The access of one unit of work to a store; reads see what is committed."""

    def rows(self, record_type: RecordType[Any], field: str, values: Collection[object]) -> Sequence[StoredRow]:
        """Return the rows with one of these values of the key or of a unique field."""
        ...

    def with_references(self, record_type: RecordType[Any], key: object) -> Sequence[StoredRow] | None:
        """Return a row, the one that it refers to, and so on, read at one moment; None unless all are stored."""
        ...

    def page(
        self,
        record_type: RecordType[Any],
        look_up: LookUp,
        values: Mapping[str, object],
        *,
        limit: int | None,
        after: object,
    ) -> Sequence[StoredRow]:
        """Return up to `limit` rows that a look-up finds, after the key `after` in its order."""
        ...

    def journal(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        """Return the events of one aggregate in order."""
        ...

    def is_handled(self, subscriber: str, event_id: UUID) -> bool:
        """Tell whether the inbox has this row."""
        ...

    def write(self, batch: Batch) -> bool:
        """Write all of a commit or nothing; tell whether deliveries were enqueued. Raises BrokenRule."""
        ...

    def end(self) -> None:
        """Release what the transaction holds."""
        ...
