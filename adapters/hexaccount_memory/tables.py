import threading
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import RecordType
from hexaccount.store_kit.row_table import RowTable


@dataclass(slots=True, kw_only=True)
class StoredDelivery:
    """The delivery of an event to a subscriber."""

    entry: JournalEntry
    due_at: datetime | None = None
    attempts: int = 0
    lease: UUID | None = None
    leased_until: datetime | None = None
    dead_letter: bool = False
    error: str = ""


@dataclass(slots=True)
class Tables:
    """The data of a memory store; every read and write holds `lock`. Rows are immutable.

    records: the rows of each record type.
    deliveries: those of each subscriber, by aggregate and ordered by sequence.
    """

    lock: threading.RLock = field(default_factory=threading.RLock)
    records: dict[RecordType[Any], RowTable] = field(default_factory=dict)
    journal: defaultdict[tuple[str, UUID], list[JournalEntry]] = field(default_factory=lambda: defaultdict(list))
    inbox: set[tuple[str, UUID]] = field(default_factory=set)
    subscriptions: dict[str, frozenset[str]] = field(default_factory=dict)
    deliveries: defaultdict[str, dict[tuple[str, UUID], list[StoredDelivery]]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def table(self, record_type: RecordType[Any]) -> RowTable:
        """Return the rows of a record type."""
        if record_type not in self.records:
            self.records[record_type] = RowTable(record_type)
        return self.records[record_type]


def entry_copy(entry: JournalEntry) -> JournalEntry:
    """Return a copy whose data the caller may change."""
    return entry.with_data(deepcopy(entry.data))
