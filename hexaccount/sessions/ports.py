"""What sessions need from outside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.accounts.views import UserView
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session


class Sessions(Protocol):
    """The logins."""

    def add(self, session: Session) -> None:
        """Take in a new session."""
        ...

    def find(self, session_id: UUID) -> Session | None:
        """Return a session."""
        ...

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """Return a session and its account, read at one moment and at the cost of one look-up."""
        ...

    def find_by_token(self, digest: str) -> tuple[RefreshToken, Session, User] | None:
        """Return a refresh token, its session and that one's account, read as `find_with_user` does."""
        ...

    def live_of(self, user: User, *, now: datetime, limit: int, after: UUID | None) -> Sequence[Session]:
        """Return up to `limit` live sessions of an account with ids below `after`, by descending id: newest first."""
        ...

    def put_token(self, token: RefreshToken) -> None:
        """At commit, store a new refresh token, or that one was spent; StaleVersion if its predecessor has another."""
        ...


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSession:
    """A session that was live when it was read, and its account; if nobody ends it, it lives until `idle_until`."""

    id: UUID
    user: UserView
    idle_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFill:
    """The right to keep a session as the store shows it after this was given; to be used once, within seconds."""

    user_id: UUID
    session_id: UUID
    token: str


class SessionCache(Protocol):
    """Remembers live sessions for a few seconds. No method raises: a cache that is away knows nothing."""

    def find(self, user_id: UUID, session_id: UUID) -> CachedSession | CacheFill | None:
        """Return a session of a user if it is known, else a lease to keep it by, unless the store is to be asked."""
        ...

    def keep(self, lease: CacheFill, session: CachedSession) -> None:
        """Remember a session, unless its lease has expired or the user was marked since it was given."""
        ...

    def invalidate(self, user_ids: Collection[UUID]) -> bool:
        """Forget all sessions of these users, have the store asked for a while, and tell whether that is done."""
        ...


class NoSessionCache(SessionCache):
    """Remembers nothing: the store is asked at every request."""

    def find(self, user_id: UUID, session_id: UUID) -> CachedSession | CacheFill | None:  # noqa: ARG002 - the port's
        """Return nothing."""
        return None

    def keep(self, lease: CacheFill, session: CachedSession) -> None:
        """Return: there is nowhere to keep it."""

    def invalidate(self, user_ids: Collection[UUID]) -> bool:  # noqa: ARG002 - the port's signature
        """Return True: nothing is remembered of anybody."""
        return True
