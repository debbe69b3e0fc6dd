from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from hexaccount.application.ports.keyed_requests import KeyedRequest
from hexaccount.domain.refresh_token import RefreshToken


class NewHash(NamedTuple):
    """A password hash to store in the place of `old`; None stands for whatever is there."""

    user_id: UUID
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class Orders:
    """What a commit has to write besides aggregates.

    tokens: new refresh tokens, and such as were spent.
    handled: the inbox's notes: which subscriber has handled which event.
    answered: requests with a key that have their answer.
    """

    hashes: list[NewHash] = field(default_factory=list)
    tokens: list[RefreshToken] = field(default_factory=list)
    handled: list[tuple[str, UUID]] = field(default_factory=list)
    answered: list[KeyedRequest] = field(default_factory=list)

    def clear(self) -> None:
        """Drop all orders."""
        for orders in (self.hashes, self.tokens, self.handled, self.answered):
            orders.clear()
