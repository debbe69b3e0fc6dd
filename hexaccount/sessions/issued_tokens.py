"""The tokens that a login and a refresh issue."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.accounts.views import UserView
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.rate_limit import RateLimitStatus
from hexaccount.kernel.unit_of_work import UnitOfWork
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.ports import AccessClaims, TokenIssuer
from hexaccount.sessions.refresh_token import RefreshToken, new_refresh_token
from hexaccount.sessions.session import Session
from hexaccount.sessions.session_limit import SessionLimit
from hexaccount.sessions.sessions import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """An access token, its lifetime in seconds, and a refresh token.

    A login, and a change of the password, adds a device token, for the next login on this device; a login also the
    status of its rate limit.
    """

    token: str = field(repr=False)
    expires_in: int
    session_id: UUID
    refresh: str = field(repr=False)
    device: str | None = field(default=None, repr=False)
    limit_status: RateLimitStatus | None = None


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """Opens sessions and issues their tokens."""

    issuer: TokenIssuer
    identifiers: Identifiers
    lifetimes: Lifetimes
    limit: SessionLimit
    roles: RoleRegistry

    def open_session(
        self, uow: UnitOfWork, user: User, *, client_address: str, user_agent: str, at: datetime
    ) -> tuple[Session, str]:
        """At commit, log in an account in the state that was read; return the session and its refresh token."""
        session = Session.open(
            session_id=self.identifiers.new(),
            user=user,
            client_address=client_address,
            user_agent=user_agent,
            at=at,
            lifetimes=self.lifetimes,
        )
        refresh = new_refresh_token()
        Sessions(uow).add(session)
        Sessions(uow).put_token(RefreshToken.of(refresh, session_id=session.id, at=at))
        return session, refresh

    def issue(self, session: Session, user: User, refresh: str, *, at: datetime) -> IssuedTokens:
        """Return tokens of a live session of an account; the access token does not outlive the session."""
        expires_at = min(at + self.lifetimes.access, session.idle_until)
        claims = AccessClaims(
            token_id=self.identifiers.new(),
            user_id=session.user_id,
            session_id=session.id,
            issued_at=at,
            expires_at=expires_at,
            epoch=session.epoch,
            roles=UserView.of(user).roles,
            permissions=sorted(self.roles.permissions_of(user.roles)),
        )
        seconds = int((expires_at - at).total_seconds())
        token = self.issuer.issue(claims)
        return IssuedTokens(token=token, expires_in=seconds, session_id=session.id, refresh=refresh)
