"""The state that the records of a file describe, in memory."""

from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from msgspec import Struct

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import RecordType
from hexaccount.store_kit.row_table import RowTable
from hexaccount_filestore.file_rows import FileRow


class DeliveryState(Struct, frozen=True, kw_only=True):
    """The state of an event's delivery to a subscriber."""

    subscriber: str
    event_id: UUID
    attempts: int = 0
    due_at: datetime | None = None
    error: str = ""
    dead_letter: bool = False


class Changes(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of one record of the file: changes that happen together or not at all."""

    rows: list[FileRow] = []
    entries: list[JournalEntry] = []
    inbox: list[tuple[str, UUID]] = []
    removed_inbox: list[tuple[str, UUID]] = []
    subscriptions: dict[str, list[str]] = {}
    deliveries: list[DeliveryState] = []
    acknowledged: list[tuple[str, UUID]] = []
    enqueued: dict[str, list[UUID]] = {}
    removed_events: list[UUID] = []
    restored_events: list[JournalEntry] = []


@dataclass(slots=True)
class StoredDelivery:
    """A delivery and its lease; leases are not in the file, as their owners end with the process."""

    entry: JournalEntry
    state: DeliveryState
    lease: UUID | None = None
    leased_until: datetime | None = None


@dataclass(slots=True)
class State:
    """All stored data. Its values are replaced and never changed, so that readers may keep them.

    unread: the rows of record types that nobody has asked for yet, as the file has them.
    deliveries: by subscriber and event; those of one aggregate are ordered by sequence.
    """

    tables: dict[str, RowTable] = field(default_factory=dict)
    unread: defaultdict[str, list[FileRow]] = field(default_factory=lambda: defaultdict(list))
    journals: defaultdict[tuple[str, UUID], list[JournalEntry]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[UUID, JournalEntry] = field(default_factory=dict)
    inbox: set[tuple[str, UUID]] = field(default_factory=set)
    subscriptions: dict[str, list[str]] = field(default_factory=dict)
    deliveries: defaultdict[str, dict[UUID, StoredDelivery]] = field(default_factory=lambda: defaultdict(dict))

    def table(self, record_type: RecordType[Any]) -> RowTable:
        """Return the rows of a record type; the first call reads them."""
        if record_type.name not in self.tables:
            self.tables[record_type.name] = table = RowTable(record_type)
            for row in self.unread.pop(record_type.name, ()):
                row.put_into(table)
        return self.tables[record_type.name]

    def apply(self, changes: Changes) -> None:
        """Apply the content of a record of the file."""
        for row in changes.rows:
            table = self.tables.get(row.record_type)
            self.unread[row.record_type].append(row) if table is None else row.put_into(table)
        for entry in changes.entries:
            self._add(entry)
            self._enqueue(entry)
        for event_id in changes.removed_events:
            entry = self.entries.pop(event_id)
            self.journals[entry.aggregate, entry.aggregate_id].remove(entry)
        for entry in changes.restored_events:
            self._add(entry)
            self.journals[entry.aggregate, entry.aggregate_id].sort(key=attrgetter("sequence"))
        self.inbox |= set(changes.inbox)
        self.inbox -= set(changes.removed_inbox)
        self.subscriptions |= changes.subscriptions
        for subscriber, event_ids in changes.enqueued.items():
            self._enqueue_again(subscriber, event_ids)
        for delivery in changes.deliveries:
            stored = self.deliveries[delivery.subscriber][delivery.event_id]
            stored.state, stored.lease, stored.leased_until = delivery, None, None
        for subscriber, event_id in changes.acknowledged:
            self.deliveries[subscriber].pop(event_id, None)

    def _add(self, entry: JournalEntry) -> None:
        self.journals[entry.aggregate, entry.aggregate_id].append(entry)
        self.entries[entry.id] = entry

    def _enqueue(self, entry: JournalEntry) -> None:
        for subscriber, types in self.subscriptions.items():
            if entry.type in types or "*" in types:
                self.deliveries[subscriber][entry.id] = StoredDelivery(
                    entry, DeliveryState(subscriber=subscriber, event_id=entry.id)
                )

    def _enqueue_again(self, subscriber: str, event_ids: Iterable[UUID]) -> None:
        stored = self.deliveries[subscriber]
        for event_id in event_ids:
            stored[event_id] = StoredDelivery(
                self.entries[event_id], DeliveryState(subscriber=subscriber, event_id=event_id)
            )
        self.deliveries[subscriber] = dict(sorted(stored.items(), key=lambda pair: pair[1].entry.sequence))


def entry_copy(entry: JournalEntry) -> JournalEntry:
    """Return a copy whose data the caller may change."""
    return entry._replace(data=deepcopy(entry.data))
