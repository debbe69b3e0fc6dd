from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRecord:
    """A request to which its client gave a key; of both only digests are known.

    It is in hand until `claimed_until`, and remembered until `expires_at`. `user_id` is the account that it has
    opened, None until then.
    """

    key: str
    fingerprint: str
    claimed_until: datetime
    expires_at: datetime
    user_id: UUID | None = None

    def gives_way_to(self, request: "IdempotencyRecord", now: datetime) -> bool:
        """Tell whether another request may take the key: this one was left over by its own kind, or is forgotten."""
        left_over = self.user_id is None and self.claimed_until <= now and self.fingerprint == request.fingerprint
        return left_over or self.expires_at <= now

    def awaits(self, answered: "IdempotencyRecord") -> bool:
        """Tell whether an answered request is this one, which has no answer yet."""
        return self.user_id is None and self.fingerprint == answered.fingerprint


class IdempotencyRecords(Protocol):
    """The requests with a key, by which a repetition finds the first of them."""

    def claim(self, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        """Take the key for `request`, at once and in a commit of its own, or return the request that keeps it.

        A request keeps its key while it is in hand, once it was answered, and from requests with another fingerprint,
        as long as it is remembered.
        """
        ...

    def find(self, key: str) -> IdempotencyRecord | None:
        """Return the request that has a key."""
        ...

    def release(self, request: IdempotencyRecord) -> None:
        """Forget a request, at once and in a commit of its own, unless it was answered or another has its key."""
        ...

    def complete(self, request: IdempotencyRecord, user_id: UUID) -> None:
        """At commit, note which account answers `request`, also where it is no longer in hand.

        Does nothing if the key belongs to another fingerprint, or was answered, by then.
        """
        ...
