from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import attrgetter
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.records import Expiry
from hexaccount.retention.ports import RetentionStore
from hexaccount.store_kit.row_table import expired
from hexaccount_memory.tables import Tables, entry_copy


@dataclass(frozen=True, slots=True)
class MemoryRetentionStore(RetentionStore):
    """Removes expired data; MemoryRateLimitStore drops drained keys itself."""

    tables: Tables

    def remove(self, expiry: Expiry, *, before: datetime, limit: int) -> int:
        with self.tables.lock:
            found = list(islice(expired(self.tables.table, expiry, before), limit))
            for key, row in found:
                self.tables.table(expiry.record_type).put(key, row)
        return len(found)

    def remove_handled(self, *, before: datetime, limit: int) -> int:
        first_kept = first_id_at(before)
        with self.tables.lock:
            pending = {
                (subscriber, delivery.entry.id)
                for subscriber, aggregates in self.tables.deliveries.items()
                for deliveries in aggregates.values()
                for delivery in deliveries
            }
            handled = (entry for entry in self.tables.inbox if entry[1] < first_kept and entry not in pending)
            found = list(islice(handled, limit))
            self.tables.inbox.difference_update(found)
        return len(found)

    def remove_events(self, event_ids: Collection[UUID]) -> int:
        with self.tables.lock:
            delivered = set(event_ids) - {
                delivery.entry.id
                for aggregates in self.tables.deliveries.values()
                for deliveries in aggregates.values()
                for delivery in deliveries
            }
            before = self._count()
            for key, entries in list(self.tables.journal.items()):
                entries[:] = [entry for entry in entries if entry.id not in delivered]
                if not entries:
                    del self.tables.journal[key]
            return before - self._count()

    def restore_events(self, entries: Sequence[JournalEntry]) -> int:
        with self.tables.lock:
            before = self._count()
            for entry in entries:
                journal = self.tables.journal[entry.aggregate, entry.aggregate_id]
                if all(entry.sequence != stored.sequence for stored in journal):
                    journal.append(entry_copy(entry))
                    journal.sort(key=attrgetter("sequence"))
            return self._count() - before

    def _count(self) -> int:
        return sum(map(len, self.tables.journal.values()))

    def remove_drained(self, *, before: datetime, limit: int) -> int:  # noqa: ARG002 - the port's signature
        return 0
