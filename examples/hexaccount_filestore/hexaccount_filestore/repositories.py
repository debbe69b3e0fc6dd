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
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import State, copy_of, entry_copy


@dataclass(frozen=True, slots=True)
class FileUsers(TrackingUsers):
    """The accounts; their hashes stand beside them, as no version tells of those."""

    handle: Handle

    def read(self, user_id: UUID) -> User | None:
        with self.handle.book.lock:
            state = self.handle.book.state
            return self.work.keep(stored_user(state, user_id)) if user_id in state.users else None

    def find_by_name(self, key: str) -> User | None:
        with self.handle.book.lock:
            return self._owner(self.handle.book.state.names.get(key))

    def find_by_email(self, key: str) -> User | None:
        with self.handle.book.lock:
            return self._owner(self.handle.book.state.emails.get(key))

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        with self.handle.book.lock:
            state = self.handle.book.state
            ids = sorted(user_id for user_id in state.users if after is None or user_id > after)
            return [self.work.keep(stored_user(state, user_id)) for user_id in ids[:limit]]

    def _owner(self, user_id: UUID | None) -> User | None:
        return self.read(user_id) if user_id else None


@dataclass(frozen=True, slots=True)
class FileSessions(TrackingSessions):
    """The logins and their refresh tokens."""

    handle: Handle

    def read(self, session_id: UUID) -> Session | None:
        with self.handle.book.lock:
            stored = self.handle.book.state.sessions.get(session_id)
        return self.work.keep(copy_of(stored)) if stored else None

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        with self.handle.book.lock:
            state = self.handle.book.state
            stored = state.sessions.get(session_id)
            if stored is None:
                return None
            return self.work.keep(copy_of(stored)), self.work.keep(stored_user(state, stored.user_id))

    def find_by_token(self, digest: str) -> tuple[RefreshToken, Session, User] | None:
        with self.handle.book.lock:
            token = self.handle.book.state.tokens.get(digest)
            found = self.find_with_user(token.session_id) if token else None
        return (token, *found) if token and found else None

    def live_of(self, user: User, *, now: datetime, limit: int, after: UUID | None) -> Sequence[Session]:
        with self.handle.book.lock:
            sessions = self.handle.book.state.sessions
            live = [
                session_id
                for session_id, session in sessions.items()
                if session.is_live(user, now) and (after is None or session_id < after)
            ]
            newest = sorted(live, reverse=True)[:limit]
            return [self.work.keep(copy_of(sessions[session_id])) for session_id in newest]


@dataclass(frozen=True, slots=True)
class FileProfiles(TrackingProfiles):
    """What people tell of themselves."""

    handle: Handle

    def read(self, user_id: UUID) -> Profile | None:
        with self.handle.book.lock:
            stored = self.handle.book.state.profiles.get(user_id)
        return self.work.keep(copy_of(stored)) if stored else None

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        """Return: everything is in memory."""


@dataclass(frozen=True, slots=True)
class FileJournal(Journal):
    """The events."""

    handle: Handle

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        with self.handle.book.lock:
            return [entry_copy(entry) for entry in self.handle.book.state.journals.get((aggregate, aggregate_id), ())]


def stored_user(state: State, user_id: UUID) -> User:
    """Return an account with its hash."""
    return replace(copy_of(state.users[user_id]), password_hash=state.hashes[user_id])
