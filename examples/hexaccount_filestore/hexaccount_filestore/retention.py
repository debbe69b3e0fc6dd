from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.records import Expiry
from hexaccount.retention.ports import RetentionStore
from hexaccount.store_kit.row_table import expired
from hexaccount_filestore.database import Handle
from hexaccount_filestore.file_rows import FileRow
from hexaccount_filestore.state import Changes


@dataclass(frozen=True, slots=True)
class FileRetentionStore(RetentionStore):
    """Removes expired data from the state; the records stay in the file."""

    handle: Handle

    def remove(self, expiry: Expiry, *, before: datetime, limit: int) -> int:
        with self.handle.database.lock:
            found = list(islice(expired(self.handle.database.state.table, expiry, before), limit))
            rows = [FileRow.of(expiry.record_type, key, row) for key, row in found]
            self.handle.database.write(Changes(rows=rows))
        return len(rows)

    def remove_handled(self, *, before: datetime, limit: int) -> int:
        first_kept = first_id_at(before)
        with self.handle.database.lock:
            state = self.handle.database.state
            handled = (
                (subscriber, event_id)
                for subscriber, event_id in state.inbox
                if event_id < first_kept and event_id not in state.deliveries.get(subscriber, {})
            )
            removed = list(islice(handled, limit))
            self.handle.database.write(Changes(removed_inbox=removed))
        return len(removed)

    def remove_events(self, event_ids: Collection[UUID]) -> int:
        with self.handle.database.lock:
            state = self.handle.database.state
            pending = {event_id for deliveries in state.deliveries.values() for event_id in deliveries}
            removed = [event_id for event_id in event_ids if event_id in state.entries and event_id not in pending]
            self.handle.database.write(Changes(removed_events=removed))
        return len(removed)

    def restore_events(self, entries: Sequence[JournalEntry]) -> int:
        with self.handle.database.lock:
            missing = [entry for entry in entries if entry.id not in self.handle.database.state.entries]
            self.handle.database.write(Changes(restored_events=missing))
        return len(missing)

    def remove_drained(self, *, before: datetime, limit: int) -> int:
        with self.handle.database.lock:
            states = self.handle.database.states
            drained = (key for key, full in states.items() if max(full.burst_until, full.sustained_until) < before)
            removed = list(islice(drained, limit))
            for key in removed:
                del states[key]
        return len(removed)
