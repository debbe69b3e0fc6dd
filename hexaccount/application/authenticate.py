from dataclasses import dataclass, field
from uuid import UUID

from hexaccount.application.messages import Query
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.token_issuer import InvalidToken, TokenIssuer
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.role_book import RoleBook
from hexaccount.application.views import UserView
from hexaccount.domain.errors import NotAuthenticated
from hexaccount.domain.permission import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is behind an access token, by which session, and what they may do to others."""

    session_id: UUID
    user: UserView
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate(Query[Caller]):
    """Ask who is behind an access token."""

    token: str = field(repr=False)


def authenticate(
    query: Authenticate, *, unit_of_work: UnitOfWorkFactory, tokens: TokenIssuer, clock: Clock, roles: RoleBook
) -> Caller:
    """Return the caller of a live session, for one look-up in the store; raises NotAuthenticated."""
    now = clock.now()
    try:
        claims = tokens.verify(query.token, now=now)
    except InvalidToken as error:
        raise NotAuthenticated from error
    with unit_of_work() as uow:
        found = uow.sessions.find_with_user(claims.session_id)
    if found is None:
        raise NotAuthenticated
    session, user = found
    if user.id != claims.user_id or not session.is_live(user, now):
        raise NotAuthenticated
    permissions = roles.permissions_of(user.roles)
    return Caller(session_id=session.id, user=UserView.of(user), permissions=permissions)
