from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from hexaccount.application.views import UserView


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSession:
    """A session that was live when it was read, and its account; if nobody ends it, it lives until `idle_until`."""

    id: UUID
    user: UserView
    idle_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to keep a session as the store shows it after this was given; to be used once, within seconds."""

    user_id: UUID
    session_id: UUID
    token: str


class SessionCache(Protocol):
    """Remembers live sessions for a few seconds. No method raises: a cache that is away knows nothing."""

    def find(self, user_id: UUID, session_id: UUID) -> KnownSession | Lease | None:
        """Return a session of a user if it is known, else a lease to keep it by, unless the store is to be asked."""
        ...

    def keep(self, lease: Lease, session: KnownSession) -> None:
        """Remember a session, unless its lease has expired or the user was marked since it was given."""
        ...

    def mark(self, user_ids: Collection[UUID]) -> bool:
        """Forget all sessions of these users, have the store asked for a while, and tell whether that is done."""
        ...


class NoSessionCache(SessionCache):
    """Remembers nothing: the store is asked at every request."""

    def find(self, user_id: UUID, session_id: UUID) -> KnownSession | Lease | None:  # noqa: ARG002 - the port's
        """Return nothing."""
        return None

    def keep(self, lease: Lease, session: KnownSession) -> None:
        """Return: there is nowhere to keep it."""

    def mark(self, user_ids: Collection[UUID]) -> bool:  # noqa: ARG002 - the port's signature
        """Return True: nothing is remembered of anybody."""
        return True
