from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, History, JournalKey
from hexaccount_memory.tables import Tables, entry_copy


@dataclass(frozen=True, slots=True)
class MemoryHistory(History):
    """All events in memory, scanned for each query."""

    tables: Tables

    def find(self, event_id: UUID) -> JournalEntry | None:
        return next((entry_copy(entry) for entry in self._chosen(EventFilter()) if entry.id == event_id), None)

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
        with self.tables.lock:
            return [
                entry for entries in self.tables.journal.values() for entry in entries if event_filter.matches(entry)
            ]
