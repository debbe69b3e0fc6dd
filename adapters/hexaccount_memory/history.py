from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.history import Chosen, History, JournalKey
from hexaccount_memory.tables import Tables, entry_copy


@dataclass(frozen=True, slots=True)
class MemoryHistory(History):
    """All events in memory, looked through one by one."""

    tables: Tables

    def find(self, event_id: UUID) -> JournalEntry | None:
        return next((entry_copy(entry) for entry in self._chosen(Chosen()) if entry.id == event_id), None)

    def page(self, chosen: Chosen, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        found = [entry for entry in self._chosen(chosen) if after is None or entry.id > after]
        found.sort(key=lambda entry: entry.id)
        return [entry_copy(entry) for entry in found[:limit]]

    def by_aggregate(self, chosen: Chosen, *, limit: int, after: JournalKey | None) -> Sequence[JournalEntry]:
        found = [
            entry for entry in self._chosen(chosen) if after is None or (entry.aggregate, entry.aggregate_id) > after
        ]
        found.sort(key=lambda entry: (entry.aggregate, entry.aggregate_id, entry.sequence))
        return [entry_copy(entry) for entry in found[:limit]]

    def count(self, chosen: Chosen) -> int:
        return len(self._chosen(chosen))

    def _chosen(self, chosen: Chosen) -> list[JournalEntry]:
        with self.tables.lock:
            return [entry for entries in self.tables.journal.values() for entry in entries if chosen.has(entry)]
