import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.causation import Cause, current_cause
from hexaccount.kernel.records import RecordType, Row
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.transaction import RowChange, StoredRow

_FIRST_REVISIONS = 2**30


@dataclass(slots=True)
class Tracked:
    """A record, its row as it is stored (None for a new one), and its key.

    For each time that the record was looked up, `lookups` has how many of its events were pending and what the cause
    was.
    """

    record_type: RecordType[Any]
    key: Any
    record: Any
    values: Row | None = None
    revision: int = 0
    removed: bool = False
    lookups: list[tuple[int, Cause]] = field(default_factory=list)

    def look_up(self) -> Any:
        """Return the record, None if it is to be removed."""
        if isinstance(self.record, Aggregate):  # no other record has events
            self.lookups.append((len(self.record.pending), current_cause()))
        return None if self.removed else self.record

    def change(self) -> RowChange | None:
        """Return what a commit has to write, None if nothing has changed."""
        values = None if self.removed else self.record_type.dump(self.record)
        if values == self.values:
            return None
        # The first revision is random: of two records that have the same key in turn, none is taken for the other.
        return RowChange(
            record_type=self.record_type,
            key=self.key,
            revision=self.revision,
            next_revision=self.revision + 1 if self.revision else 1 + secrets.randbelow(_FIRST_REVISIONS),
            values=values,
            record=self.record,
            before=self.values,
        )

    def entries(self, recorder: EventRecorder) -> list[JournalEntry]:
        """Return the journal entries of the events that are pending, each with the cause of its look-up."""
        pending = _pending(self.record)
        if not pending:
            return []
        causes = [
            next(cause for before, cause in reversed(self.lookups) if before <= index) for index in range(len(pending))
        ]
        return recorder.entries(self.record, causes)

    def committed(self, change: RowChange) -> None:
        """Begin anew with the row that a commit has stored."""
        self.values, self.revision = change.values, 0 if self.removed else change.next_revision
        _pending(self.record).clear()
        self.lookups[:] = [(0, current_cause())]


class IdentityMap:
    """The records that one unit of work has read or added, each only once, so that two look-ups give one object.

    Because it compares them with what was read, nobody has to say what has changed (Fowler, Patterns of Enterprise
    Application Architecture).
    """

    def __init__(self) -> None:
        self._tracked: dict[tuple[RecordType[Any], Any], Tracked] = {}
        self._absent: set[tuple[RecordType[Any], Any]] = set()

    def __iter__(self) -> Iterator[Tracked]:
        return iter(self._tracked.values())

    def __len__(self) -> int:
        return len(self._tracked)

    def find(self, record_type: RecordType[Any], key: object) -> Tracked | None:
        """Return a tracked record."""
        return self._tracked.get((record_type, key))

    def is_absent(self, record_type: RecordType[Any], key: object) -> bool:
        """Tell whether the store is known to have no such record."""
        return (record_type, key) in self._absent

    def note_absent(self, record_type: RecordType[Any], key: object) -> None:
        """Remember that the store has no such record; if one is stored meanwhile, adding it is stale."""
        self._absent.add((record_type, key))

    def add(self, record_type: RecordType[Any], record: Any) -> None:
        """Track a new record, which may take the place of one that is to be removed."""
        key = record_type.dump(record)[0]
        removed = self._tracked.get((record_type, key))
        new = Tracked(record_type, key, record, lookups=[(0, current_cause())])
        if removed is not None and removed.removed:
            new.values, new.revision = removed.values, removed.revision
        self._tracked[record_type, key] = new

    def track(self, record_type: RecordType[Any], row: StoredRow) -> Any:
        """Return the record of a row, or the one that is tracked under its key already."""
        key = row.values[0]
        known = self._tracked.get((record_type, key))
        if known is not None:
            return known.look_up()
        record = record_type.load(row.values)
        new = Tracked(record_type, key, record, row.values, row.revision, lookups=[(0, current_cause())])
        self._tracked[record_type, key] = new
        return record

    def clear(self) -> None:
        """Drop everything: what was not committed has not happened."""
        self._tracked.clear()
        self._absent.clear()


def _pending(record: Any) -> list[Any]:
    return record.pending if isinstance(record, Aggregate) else []
