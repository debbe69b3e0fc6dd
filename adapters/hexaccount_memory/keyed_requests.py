from dataclasses import dataclass
from datetime import datetime

from hexaccount.application.ports.keyed_requests import KeyedRequest
from hexaccount.application.repositories_in_hand import KeyedRequestsInHand
from hexaccount_memory.tables import Tables


@dataclass(frozen=True, slots=True)
class MemoryKeyedRequests(KeyedRequestsInHand):
    """The requests with a key in memory."""

    tables: Tables

    def claim(self, request: KeyedRequest, *, now: datetime) -> KeyedRequest | None:
        with self.tables.lock:
            holder = self.tables.keyed_requests.get(request.key)
            if holder is not None and not holder.gives_way_to(request, now):
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

    def write(self) -> None:
        """Note the answers, as a part of the commit."""
        stored = self.tables.keyed_requests
        for request in self.work.orders.answered:
            holder = stored.get(request.key)
            if holder is None or holder.awaits(request):
                stored[request.key] = request
