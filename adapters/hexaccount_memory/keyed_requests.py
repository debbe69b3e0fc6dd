from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from hexaccount.application.ports.keyed_requests import KeyedRequest, KeyedRequests
from hexaccount_memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryKeyedRequests(KeyedRequests):
    """The requests with a key in memory."""

    tables: Tables
    answered: list[KeyedRequest] = field(default_factory=list)

    def claim(self, request: KeyedRequest, *, now: datetime) -> KeyedRequest | None:
        with self.tables.lock:
            holder = self.tables.keyed_requests.get(request.key)
            if holder is not None and not _gives_way(holder, request, now):
                return holder
            self.tables.keyed_requests[request.key] = request
        return None

    def find(self, key: str) -> KeyedRequest | None:
        with self.tables.lock:
            return self.tables.keyed_requests.get(key)

    def release(self, request: KeyedRequest) -> None:
        with self.tables.lock:
            if self.tables.keyed_requests.get(request.key) == request:
                del self.tables.keyed_requests[request.key]

    def complete(self, request: KeyedRequest, user_id: UUID) -> None:
        self.answered.append(replace(request, user_id=user_id))

    def write(self) -> None:
        """Note the answers, as a part of the commit."""
        stored = self.tables.keyed_requests
        for request in self.answered:
            holder = stored.get(request.key)
            if holder is None or (holder.user_id is None and holder.fingerprint == request.fingerprint):
                stored[request.key] = request


def _gives_way(holder: KeyedRequest, request: KeyedRequest, now: datetime) -> bool:
    left_over = holder.user_id is None and holder.claimed_until <= now and holder.fingerprint == request.fingerprint
    return left_over or holder.expires_at <= now
