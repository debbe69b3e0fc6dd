from dataclasses import dataclass
from datetime import datetime

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.store_kit.tracking_repositories import TrackingIdempotencyRecords
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import Step


@dataclass(frozen=True, slots=True)
class FileKeyedRequests(TrackingIdempotencyRecords):
    """The requests with a key."""

    handle: Handle

    def claim(self, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        with self.handle.book.lock:
            holder = self.find(request.key)
            if holder is not None and not holder.gives_way_to(request, now):
                return holder
            self.handle.book.do(Step(requests=[request]))
        return None

    def find(self, key: str) -> IdempotencyRecord | None:
        with self.handle.book.lock:
            return self.handle.book.state.requests.get(key)

    def release(self, request: IdempotencyRecord) -> None:
        with self.handle.book.lock:
            if self.find(request.key) == request:
                self.handle.book.do(Step(requests_gone=[request.key]))

    def to_store(self) -> list[IdempotencyRecord]:
        """Return the answers that a commit has to note."""
        holders = ((answer, self.find(answer.key)) for answer in self.work.pending_writes.answered)
        return [answer for answer, holder in holders if holder is None or holder.awaits(answer)]
