from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.records import Expiry
from hexaccount.retention.ports import RetentionStore
from hexaccount.store_kit.row_table import expired
from hexaccount_memory.tables import Tables


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

    def remove_drained(self, *, before: datetime, limit: int) -> int:  # noqa: ARG002 - the port's signature
        return 0
