from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.history import Chosen, History, JournalKey
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import entry_copy


@dataclass(frozen=True, slots=True)
class FileHistory(History):
    """All events, looked through one by one but for `find`."""

    handle: Handle

    def find(self, event_id: UUID) -> JournalEntry | None:
        with self.handle.book.lock:
            entry = self.handle.book.state.entries.get(event_id)
        return entry_copy(entry) if entry else None

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
        with self.handle.book.lock:
            return [entry for entry in self.handle.book.state.entries.values() if chosen.has(entry)]
