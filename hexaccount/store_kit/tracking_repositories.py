"""The common part of the repositories of all stores: they track aggregates, and leave writing to the commit.

A store's repositories extend these and implement reading.
"""

from abc import abstractmethod
from dataclasses import dataclass, replace
from uuid import UUID

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.ports import Profiles, Users
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.ports import Inbox
from hexaccount.idempotency.ports import IdempotencyRecord, IdempotencyRecords
from hexaccount.sessions.ports import Sessions
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount.store_kit.identity_map import IdentityMap
from hexaccount.store_kit.pending_writes import PasswordHashUpdate


@dataclass(frozen=True, slots=True)
class TrackingUsers(Users):
    """Accounts; `read` reads one by its id."""

    identity_map: IdentityMap

    @abstractmethod
    def read(self, user_id: UUID) -> User | None:
        """Return an account of the store, tracked by the identity map."""

    def add(self, user: User) -> None:
        self.identity_map.add(user)

    def get(self, user_id: UUID) -> User:
        """Return an account; raises UserNotFound."""
        user = self.identity_map.find(User, user_id) or self.read(user_id)
        if user is None:
            raise UserNotFound
        return user

    def replace_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        self.identity_map.pending_writes.hashes.append(PasswordHashUpdate(user_id, old, new))

    def set_hash(self, user_id: UUID, new: str) -> None:
        self.identity_map.pending_writes.hashes.append(PasswordHashUpdate(user_id, None, new))


@dataclass(frozen=True, slots=True)
class TrackingSessions(Sessions):
    """Sessions; `read` reads one by its id."""

    identity_map: IdentityMap

    @abstractmethod
    def read(self, session_id: UUID) -> Session | None:
        """Return a session of the store, tracked by the identity map."""

    def add(self, session: Session) -> None:
        self.identity_map.add(session)

    def find(self, session_id: UUID) -> Session | None:
        return self.identity_map.find(Session, session_id) or self.read(session_id)

    def put_token(self, token: RefreshToken) -> None:
        self.identity_map.pending_writes.tokens.append(token)


@dataclass(frozen=True, slots=True)
class TrackingProfiles(Profiles):
    """Profiles; `read` reads one by the id of its account."""

    identity_map: IdentityMap

    @abstractmethod
    def read(self, user_id: UUID) -> Profile | None:
        """Return a profile of the store, tracked by the identity map."""

    def add(self, profile: Profile) -> None:
        self.identity_map.add(profile)

    def find(self, user_id: UUID) -> Profile | None:
        known = self.identity_map.find(Profile, user_id)
        return known if known or self.identity_map.is_absent(Profile, user_id) else self.read(user_id)


@dataclass(frozen=True, slots=True)
class TrackingInbox(Inbox):
    """The inbox, whose new rows the commit writes."""

    identity_map: IdentityMap

    def add(self, subscriber: str, event_id: UUID) -> None:
        self.identity_map.pending_writes.handled.append((subscriber, event_id))


@dataclass(frozen=True, slots=True)
class TrackingIdempotencyRecords(IdempotencyRecords):
    """Idempotency records, whose answers the commit writes."""

    identity_map: IdentityMap

    def complete(self, request: IdempotencyRecord, user_id: UUID) -> None:
        self.identity_map.pending_writes.answered.append(replace(request, user_id=user_id))
