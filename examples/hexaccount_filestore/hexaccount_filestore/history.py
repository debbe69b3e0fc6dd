from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, History, JournalKey
from hexaccount_filestore.database import Handle
from hexaccount_filestore.state import entry_copy


@dataclass(frozen=True, slots=True)
class FileHistory(History):
    """All events; every query but `find` scans them."""

    handle: Handle

    def find(self, event_id: UUID) -> JournalEntry | None:
        with self.handle.database.lock:
            entry = self.handle.database.state.entries.get(event_id)
        return entry_copy(entry) if entry else None

    def page(self, event_filter: EventFilter, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        found = [entry for entry in self._chosen(event_filter) if after is None or entry.id > after]
        found.sort(key=lambda entry: entry.id)
        return [entry_copy(entry) for entry in found[:limit]]

    def by_aggregate(
        self, event_filter: EventFilter, *, limit: int, after: JournalKey | None
    ) -> Sequence[JournalEntry]:
        found = [
            entry
            for entry in self._chosen(event_filter)
            if after is None or (entry.aggregate, entry.aggregate_id) > after
        ]
        found.sort(key=lambda entry: (entry.aggregate, entry.aggregate_id, entry.sequence))
        return [entry_copy(entry) for entry in found[:limit]]

    def count(self, event_filter: EventFilter) -> int:
        return len(self._chosen(event_filter))

    def _chosen(self, event_filter: EventFilter) -> list[JournalEntry]:
        with self.handle.database.lock:
            return [entry for entry in self.handle.database.state.entries.values() if event_filter.matches(entry)]
