from dataclasses import dataclass
from datetime import datetime

from hexaccount.application.ports.keyed_requests import KeyedRequest
from hexaccount.application.repositories_in_hand import KeyedRequestsInHand
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import Step


@dataclass(frozen=True, slots=True)
class FileKeyedRequests(KeyedRequestsInHand):
    """The requests with a key."""

    handle: Handle

    def claim(self, request: KeyedRequest, *, now: datetime) -> KeyedRequest | None:
        with self.handle.book.lock:
            holder = self.find(request.key)
            if holder is not None and not holder.gives_way_to(request, now):
                return holder
            self.handle.book.do(Step(requests=[request]))
        return None

    def find(self, key: str) -> KeyedRequest | None:
        with self.handle.book.lock:
            return self.handle.book.state.requests.get(key)

    def release(self, request: KeyedRequest) -> None:
        with self.handle.book.lock:
            if self.find(request.key) == request:
                self.handle.book.do(Step(requests_gone=[request.key]))

    def to_store(self) -> list[KeyedRequest]:
        """Return the answers that a commit has to note."""
        holders = ((answer, self.find(answer.key)) for answer in self.work.orders.answered)
        return [answer for answer, holder in holders if holder is None or holder.awaits(answer)]
