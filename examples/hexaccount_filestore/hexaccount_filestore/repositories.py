from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Journal
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount.store_kit.tracking_repositories import TrackingProfiles, TrackingSessions, TrackingUsers
from hexaccount_filestore.database import Handle
from hexaccount_filestore.state import State, copy_of, entry_copy


@dataclass(frozen=True, slots=True)
class FileUsers(TrackingUsers):
    """The users; their password hashes are stored apart, as the version does not cover them."""

    handle: Handle

    def read(self, user_id: UUID) -> User | None:
        with self.handle.database.lock:
            state = self.handle.database.state
            return self.identity_map.track(stored_user(state, user_id)) if user_id in state.users else None

    def find_by_name(self, key: str) -> User | None:
        with self.handle.database.lock:
            return self._owner(self.handle.database.state.names.get(key))

    def find_by_email(self, key: str) -> User | None:
        with self.handle.database.lock:
            return self._owner(self.handle.database.state.emails.get(key))

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        with self.handle.database.lock:
            state = self.handle.database.state
            ids = sorted(user_id for user_id in state.users if after is None or user_id > after)
            return [self.identity_map.track(stored_user(state, user_id)) for user_id in ids[:limit]]

    def _owner(self, user_id: UUID | None) -> User | None:
        return self.read(user_id) if user_id else None


@dataclass(frozen=True, slots=True)
class FileSessions(TrackingSessions):
    """The sessions and their refresh tokens."""

    handle: Handle

    def read(self, session_id: UUID) -> Session | None:
        with self.handle.database.lock:
            stored = self.handle.database.state.sessions.get(session_id)
        return self.identity_map.track(copy_of(stored)) if stored else None

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        with self.handle.database.lock:
            state = self.handle.database.state
            stored = state.sessions.get(session_id)
            if stored is None:
                return None
            return self.identity_map.track(copy_of(stored)), self.identity_map.track(stored_user(state, stored.user_id))

    def find_by_token(self, digest: str) -> tuple[RefreshToken, Session, User] | None:
        with self.handle.database.lock:
            token = self.handle.database.state.tokens.get(digest)
            found = self.find_with_user(token.session_id) if token else None
        return (token, *found) if token and found else None

    def live_of(self, user: User, *, now: datetime, limit: int, after: UUID | None) -> Sequence[Session]:
        with self.handle.database.lock:
            sessions = self.handle.database.state.sessions
            live = [
                session_id
                for session_id, session in sessions.items()
                if session.is_live(user, now) and (after is None or session_id < after)
            ]
            newest = sorted(live, reverse=True)[:limit]
            return [self.identity_map.track(copy_of(sessions[session_id])) for session_id in newest]


@dataclass(frozen=True, slots=True)
class FileProfiles(TrackingProfiles):
    """The profiles."""

    handle: Handle

    def read(self, user_id: UUID) -> Profile | None:
        with self.handle.database.lock:
            stored = self.handle.database.state.profiles.get(user_id)
        return self.identity_map.track(copy_of(stored)) if stored else None

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        """Do nothing: everything is in memory."""


@dataclass(frozen=True, slots=True)
class FileJournal(Journal):
    """The events."""

    handle: Handle

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        with self.handle.database.lock:
            return [
                entry_copy(entry) for entry in self.handle.database.state.journals.get((aggregate, aggregate_id), ())
            ]


def stored_user(state: State, user_id: UUID) -> User:
    """Return a copy of a user with its password hash."""
    return replace(copy_of(state.users[user_id]), password_hash=state.hashes[user_id])
