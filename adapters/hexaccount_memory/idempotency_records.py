from dataclasses import dataclass
from datetime import datetime

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.store_kit.tracking_repositories import TrackingIdempotencyRecords
from hexaccount_memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryIdempotencyRecords(TrackingIdempotencyRecords):
    """The idempotency records in memory."""

    tables: Tables

    def claim(self, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        with self.tables.lock:
            holder = self.tables.idempotency_records.get(request.key)
            if holder is not None and not holder.gives_way_to(request, now):
                return holder
            self.tables.idempotency_records[request.key] = request
        return None

    def find(self, key: str) -> IdempotencyRecord | None:
        with self.tables.lock:
            return self.tables.idempotency_records.get(key)

    def release(self, request: IdempotencyRecord) -> None:
        with self.tables.lock:
            if self.tables.idempotency_records.get(request.key) == request:
                del self.tables.idempotency_records[request.key]

    def write(self) -> None:
        """Complete the pending requests, within a commit."""
        stored = self.tables.idempotency_records
        for request in self.identity_map.pending_writes.answered:
            holder = stored.get(request.key)
            if holder is None or holder.awaits(request):
                stored[request.key] = request
