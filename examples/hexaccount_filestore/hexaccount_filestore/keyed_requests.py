from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from hexaccount.application.ports.keyed_requests import KeyedRequest, KeyedRequests
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import Step


@dataclass(frozen=True, slots=True)
class FileKeyedRequests(KeyedRequests):
    """The requests with a key."""

    handle: Handle
    answers: list[KeyedRequest] = field(default_factory=list)

    def claim(self, request: KeyedRequest, *, now: datetime) -> KeyedRequest | None:
        with self.handle.book.lock:
            holder = self.find(request.key)
            if holder is not None and _keeps(holder, request, now):
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

    def complete(self, request: KeyedRequest, user_id: UUID) -> None:
        self.answers.append(replace(request, user_id=user_id))

    def to_store(self) -> list[KeyedRequest]:
        """Return the answers that a commit has to note."""
        return [answer for answer in self.answers if _may_answer(answer, self.find(answer.key))]


def _keeps(holder: KeyedRequest, request: KeyedRequest, now: datetime) -> bool:
    if holder.expires_at <= now:
        return False
    return holder.user_id is not None or holder.claimed_until > now or holder.fingerprint != request.fingerprint


def _may_answer(answer: KeyedRequest, holder: KeyedRequest | None) -> bool:
    return holder is None or (holder.user_id is None and holder.fingerprint == answer.fingerprint)
