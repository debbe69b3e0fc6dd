from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.role import Role
from hexaccount.accounts.views import UserView
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Query
from hexaccount.kernel.permission import Permission
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.ports import InvalidToken, TokenIssuer
from hexaccount.sessions.session_reader import SessionReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The user behind an access token, with its session, its expiry, and the user's permissions on other accounts."""

    session_id: UUID
    expires_at: datetime
    user: UserView
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate(Query[Principal]):
    """Find the principal of an access token."""

    token: str = field(repr=False)


def authenticate(
    query: Authenticate, *, sessions: SessionReader, tokens: TokenIssuer, clock: Clock, roles: RoleRegistry
) -> Principal:
    """Return the principal of a live session, with at most one look-up in the store; raises NotAuthenticated."""
    now = clock.now()
    try:
        claims = tokens.verify(query.token, now=now)
    except InvalidToken as error:
        raise NotAuthenticated from error
    session = sessions.find(claims.user_id, claims.session_id, now)
    if session is None:
        raise NotAuthenticated
    permissions = roles.permissions_of(map(Role, session.user.roles))
    return Principal(session_id=session.id, expires_at=claims.expires_at, user=session.user, permissions=permissions)
