from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """What an access token says (RFC 9068): whose it is, of which session, its epoch, and until when."""

    token_id: UUID
    user_id: UUID
    session_id: UUID
    issued_at: datetime
    expires_at: datetime
    epoch: int


class TokenIssuer(Protocol):
    """Signs access tokens and checks those that come back."""

    def issue(self, claims: AccessClaims) -> str:
        """Return a signed access token that carries `claims`; raises StoreUnavailable where no key is to be had."""
        ...

    def verify(self, token: str, *, now: datetime) -> AccessClaims:
        """Return what a token says, having checked its signature, form and times.

        Raises InvalidToken, and StoreUnavailable where its key may be one that cannot be read.
        """
        ...


class InvalidToken(Exception):
    """A bearer token that this service did not issue, or that has expired."""
