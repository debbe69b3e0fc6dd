"""What the repositories of every store do alike: they meet each aggregate once, and leave writing to the commit.

A store's repositories build on these, and say how an aggregate is read.
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
    """The accounts, of which `read` tells one by its id."""

    work: IdentityMap

    @abstractmethod
    def read(self, user_id: UUID) -> User | None:
        """Return an account of the store, kept in the work in hand."""

    def add(self, user: User) -> None:
        """Take in a new account."""
        self.work.add(user)

    def get(self, user_id: UUID) -> User:
        """Return an account; raises UserNotFound."""
        user = self.work.find(User, user_id) or self.read(user_id)
        if user is None:
            raise UserNotFound
        return user

    def replace_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        """Order a new hash in the place of `old`."""
        self.work.pending_writes.hashes.append(PasswordHashUpdate(user_id, old, new))

    def set_hash(self, user_id: UUID, new: str) -> None:
        """Order a new hash, whatever is there."""
        self.work.pending_writes.hashes.append(PasswordHashUpdate(user_id, None, new))


@dataclass(frozen=True, slots=True)
class TrackingSessions(Sessions):
    """The logins, of which `read` tells one by its id."""

    work: IdentityMap

    @abstractmethod
    def read(self, session_id: UUID) -> Session | None:
        """Return a session of the store, kept in the work in hand."""

    def add(self, session: Session) -> None:
        """Take in a new session."""
        self.work.add(session)

    def find(self, session_id: UUID) -> Session | None:
        """Return a session."""
        return self.work.find(Session, session_id) or self.read(session_id)

    def put_token(self, token: RefreshToken) -> None:
        """Order a refresh token."""
        self.work.pending_writes.tokens.append(token)


@dataclass(frozen=True, slots=True)
class TrackingProfiles(Profiles):
    """The profiles, of which `read` tells one by its account's id."""

    work: IdentityMap

    @abstractmethod
    def read(self, user_id: UUID) -> Profile | None:
        """Return a profile of the store, kept in the work in hand."""

    def add(self, profile: Profile) -> None:
        """Take in a new profile."""
        self.work.add(profile)

    def find(self, user_id: UUID) -> Profile | None:
        """Return the profile of an account."""
        known = self.work.find(Profile, user_id)
        return known if known or self.work.is_absent(Profile, user_id) else self.read(user_id)


@dataclass(frozen=True, slots=True)
class TrackingInbox(Inbox):
    """The handled events, which the commit notes."""

    work: IdentityMap

    def add(self, subscriber: str, event_id: UUID) -> None:
        """Order a note that this unit of work is the handling."""
        self.work.pending_writes.handled.append((subscriber, event_id))


@dataclass(frozen=True, slots=True)
class TrackingIdempotencyRecords(IdempotencyRecords):
    """The requests with a key, whose answers the commit notes."""

    work: IdentityMap

    def complete(self, request: IdempotencyRecord, user_id: UUID) -> None:
        """Order a note of which account answers `request`."""
        self.work.pending_writes.answered.append(replace(request, user_id=user_id))
