from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hexaccount.application.known_sessions import KnownSessions
from hexaccount.application.messages import Query
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.token_issuer import InvalidToken, TokenIssuer
from hexaccount.application.role_book import RoleBook
from hexaccount.application.views import UserView
from hexaccount.domain.errors import NotAuthenticated
from hexaccount.domain.permission import Permission
from hexaccount.domain.role import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is behind an access token, by which session, until when, and what they may do to others."""

    session_id: UUID
    expires_at: datetime
    user: UserView
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate(Query[Caller]):
    """Ask who is behind an access token."""

    token: str = field(repr=False)


def authenticate(
    query: Authenticate, *, sessions: KnownSessions, tokens: TokenIssuer, clock: Clock, roles: RoleBook
) -> Caller:
    """Return the caller of a live session, for one look-up in the store at most; raises NotAuthenticated."""
    now = clock.now()
    try:
        claims = tokens.verify(query.token, now=now)
    except InvalidToken as error:
        raise NotAuthenticated from error
    session = sessions.find(claims.user_id, claims.session_id, now)
    if session is None:
        raise NotAuthenticated
    permissions = roles.permissions_of(map(Role, session.user.roles))
    return Caller(session_id=session.id, expires_at=claims.expires_at, user=session.user, permissions=permissions)
