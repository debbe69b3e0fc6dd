"""What a login and a refresh give: an access token, and the refresh token for the next one."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hexaccount.kernel.identifiers import Identifiers
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.ports import AccessClaims, TokenIssuer
from hexaccount.sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """An access token, how many seconds it lives, and the refresh token that gives the next one.

    A login adds what the device may show at the next one, and how its client stands with the limits.
    """

    token: str = field(repr=False)
    expires_in: int
    session_id: UUID
    refresh: str = field(repr=False)
    device: str | None = field(default=None, repr=False)
    limit_status: RateLimitStatus | None = None


def issue_tokens(
    session: Session,
    refresh: str,
    *,
    tokens: TokenIssuer,
    identifiers: Identifiers,
    lifetimes: Lifetimes,
    at: datetime,
) -> IssuedTokens:
    """Return access to a live session; it never outlives the session's own time."""
    expires_at = min(at + lifetimes.access, session.idle_until)
    claims = AccessClaims(
        token_id=identifiers.new(),
        user_id=session.user_id,
        session_id=session.id,
        issued_at=at,
        expires_at=expires_at,
        epoch=session.epoch,
    )
    seconds = int((expires_at - at).total_seconds())
    return IssuedTokens(token=tokens.issue(claims), expires_in=seconds, session_id=session.id, refresh=refresh)
