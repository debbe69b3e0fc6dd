from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from hexaccount.kernel.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRecord:
    """A request with an idempotency key, of both of which only digests are stored.

    It is being processed until `claimed_until`, and remembered until `expires_at`. `user_id` is the account that it has
    opened, None until then.
    """

    key: str
    fingerprint: str
    claimed_until: datetime
    expires_at: datetime
    user_id: UUID | None = None

    def gives_way_to(self, request: "IdempotencyRecord", now: datetime) -> bool:
        """Tell whether another request may take the key: an equal one after the claim, any other after the expiry."""
        abandoned = self.user_id is None and self.claimed_until <= now and self.fingerprint == request.fingerprint
        return abandoned or self.expires_at <= now

    def awaits(self, answered: "IdempotencyRecord") -> bool:
        """Tell whether `answered` is the answer to this request, which has none yet."""
        return self.user_id is None and self.fingerprint == answered.fingerprint


class IdempotencyRecords(Protocol):
    """Finds the first request with an idempotency key."""

    def claim(self, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        """Claim the key for `request`, in a commit of its own, or return the request that has it.

        A request keeps its key while it is processed, after its answer, and from other fingerprints until it expires.
        """
        ...

    def find(self, key: str) -> IdempotencyRecord | None: ...

    def release(self, request: IdempotencyRecord) -> None:
        """Remove a request, in a commit of its own, unless it was answered or another one has its key."""
        ...

    def complete(self, request: IdempotencyRecord, user_id: UUID) -> None:
        """At commit, record which account answers `request`, also after its claim has expired.

        Does nothing if the key belongs to another fingerprint, or was answered, by then.
        """
        ...


class IdempotencyUnitOfWork(UnitOfWork, Protocol):
    """A unit of work on idempotency records."""

    @property
    def idempotency_records(self) -> IdempotencyRecords: ...
