"""What a login and a refresh give: an access token, and the refresh token for the next one."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hexaccount.application.ports.identifiers import Identifiers
from hexaccount.application.ports.token_issuer import AccessClaims, TokenIssuer
from hexaccount.domain.lifetimes import Lifetimes
from hexaccount.domain.session import Session
from hexaccount.domain.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An access token, how many seconds it lives, and the refresh token that gives the next one.

    A login adds what the device may show at the next one, and how its client stands with the limits.
    """

    token: str = field(repr=False)
    expires_in: int
    session_id: UUID
    refresh: str = field(repr=False)
    device: str | None = field(default=None, repr=False)
    standing: Standing | None = None


def grant_access(
    session: Session,
    refresh: str,
    *,
    tokens: TokenIssuer,
    identifiers: Identifiers,
    lifetimes: Lifetimes,
    at: datetime,
) -> Access:
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
    return Access(token=tokens.issue(claims), expires_in=seconds, session_id=session.id, refresh=refresh)
