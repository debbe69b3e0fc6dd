from dataclasses import dataclass
from datetime import datetime

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.store_kit.tracking_repositories import TrackingIdempotencyRecords
from hexaccount_filestore.database import Handle
from hexaccount_filestore.state import Transaction


@dataclass(frozen=True, slots=True)
class FileIdempotencyRecords(TrackingIdempotencyRecords):
    """The idempotency records."""

    handle: Handle

    def claim(self, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        with self.handle.database.lock:
            holder = self.find(request.key)
            if holder is not None and not holder.gives_way_to(request, now):
                return holder
            self.handle.database.commit(Transaction(requests=[request]))
        return None

    def find(self, key: str) -> IdempotencyRecord | None:
        with self.handle.database.lock:
            return self.handle.database.state.requests.get(key)

    def release(self, request: IdempotencyRecord) -> None:
        with self.handle.database.lock:
            if self.find(request.key) == request:
                self.handle.database.commit(Transaction(removed_requests=[request.key]))

    def to_store(self) -> list[IdempotencyRecord]:
        """Return the completed requests that a commit has to store."""
        holders = ((answer, self.find(answer.key)) for answer in self.identity_map.pending_writes.answered)
        return [answer for answer, holder in holders if holder is None or holder.awaits(answer)]
