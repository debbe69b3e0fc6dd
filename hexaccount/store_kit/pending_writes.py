from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.sessions.refresh_token import RefreshToken


class PasswordHashUpdate(NamedTuple):
    """A password hash to store instead of `old`, or of any hash where that is None."""

    user_id: UUID
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class PendingWrites:
    """What a commit has to write besides aggregates.

    tokens: new refresh tokens, and those that were used.
    handled: inbox rows, the name of a subscriber and the id of an event that it has handled.
    answered: idempotency records that have their answer.
    """

    hashes: list[PasswordHashUpdate] = field(default_factory=list)
    tokens: list[RefreshToken] = field(default_factory=list)
    handled: list[tuple[str, UUID]] = field(default_factory=list)
    answered: list[IdempotencyRecord] = field(default_factory=list)

    def clear(self) -> None:
        """Drop all."""
        for writes in (self.hashes, self.tokens, self.handled, self.answered):
            writes.clear()
