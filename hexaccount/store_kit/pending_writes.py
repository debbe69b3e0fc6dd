from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.sessions.refresh_token import RefreshToken


class PasswordHashUpdate(NamedTuple):
    """A password hash to store in the place of `old`; None stands for whatever is there."""

    user_id: UUID
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class PendingWrites:
    """What a commit has to write besides aggregates.

    tokens: new refresh tokens, and such as were spent.
    handled: the inbox's notes: which subscriber has handled which event.
    answered: requests with a key that have their answer.
    """

    hashes: list[PasswordHashUpdate] = field(default_factory=list)
    tokens: list[RefreshToken] = field(default_factory=list)
    handled: list[tuple[str, UUID]] = field(default_factory=list)
    answered: list[IdempotencyRecord] = field(default_factory=list)

    def clear(self) -> None:
        """Drop all orders."""
        for pending_writes in (self.hashes, self.tokens, self.handled, self.answered):
            pending_writes.clear()
