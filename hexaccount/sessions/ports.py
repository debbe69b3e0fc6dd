"""What sessions need from a token issuer and a cache."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from hexaccount.accounts.views import UserView


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessClaims:
    """The claims of an access token (RFC 9068).

    `epoch`, `roles` and `permissions` are for verifiers in other services. This one reads the latter two from the
    account, so that verified claims have none.
    """

    token_id: UUID
    user_id: UUID
    session_id: UUID
    issued_at: datetime
    expires_at: datetime
    epoch: int
    roles: Sequence[str] = ()
    permissions: Sequence[str] = ()


class TokenIssuer(Protocol):
    """Signs access tokens and verifies those it signed."""

    def issue(self, claims: AccessClaims) -> str:
        """Return a signed access token with `claims`; raises StoreUnavailable if its key cannot be read."""
        ...

    def verify(self, token: str, *, now: datetime) -> AccessClaims:
        """Return the claims of a token, whose signature, form and times are verified.

        Raises InvalidToken, and StoreUnavailable if its key may be one that cannot be read.
        """
        ...


class InvalidToken(Exception):
    """This service did not issue the bearer token, or it has expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSession:
    """A session that was live when it was read, with its account; unless it is ended it lives until `idle_until`."""

    id: UUID
    user: UserView
    idle_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFill:
    """The permission to fill the cache with what the store shows after this moment, once and within seconds."""

    user_id: UUID
    session_id: UUID
    token: str


class SessionCache(Protocol):
    """Caches live sessions for a few seconds. No method raises: an unreachable cache is an empty one."""

    def find(self, user_id: UUID, session_id: UUID) -> CachedSession | CacheFill | None:
        """Return a cached session of a user, else a permission to fill it in, or None if it must not be cached now."""
        ...

    def fill(self, permission: CacheFill, session: CachedSession) -> None:
        """Cache a session, unless the permission has expired or the user was invalidated since."""
        ...

    def invalidate(self, user_ids: Collection[UUID]) -> bool:
        """Drop all sessions of these users, permit no fill for a while, and return whether this is done."""
        ...


class NoSessionCache(SessionCache):
    """Caches nothing: every request reads from the store."""

    def find(self, user_id: UUID, session_id: UUID) -> CachedSession | CacheFill | None:  # noqa: ARG002 - the port's
        return None

    def fill(self, permission: CacheFill, session: CachedSession) -> None: ...

    def invalidate(self, user_ids: Collection[UUID]) -> bool:  # noqa: ARG002 - the port's signature
        return True
