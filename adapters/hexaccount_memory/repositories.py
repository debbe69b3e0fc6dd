from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Journal
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount.store_kit.tracking_repositories import TrackingProfiles, TrackingSessions, TrackingUsers
from hexaccount_memory.tables import Tables, copy_of, entry_copy


@dataclass(frozen=True, slots=True)
class MemoryUsers(TrackingUsers):
    """The users in memory."""

    tables: Tables

    def read(self, user_id: UUID) -> User | None:
        with self.tables.lock:
            stored = self.tables.users.get(user_id)
        return self.identity_map.track(copy_of(stored)) if stored else None

    def find_by_name(self, key: str) -> User | None:
        with self.tables.lock:
            return self._owner(self.tables.names.get(key))

    def find_by_email(self, key: str) -> User | None:
        with self.tables.lock:
            return self._owner(self.tables.emails.get(key))

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        with self.tables.lock:
            ids = sorted(user_id for user_id in self.tables.users if after is None or user_id > after)
            return [self.identity_map.track(copy_of(self.tables.users[user_id])) for user_id in ids[:limit]]

    def _owner(self, user_id: UUID | None) -> User | None:
        return self.read(user_id) if user_id else None


@dataclass(frozen=True, slots=True)
class MemorySessions(TrackingSessions):
    """The sessions in memory, with their refresh tokens."""

    tables: Tables

    def read(self, session_id: UUID) -> Session | None:
        with self.tables.lock:
            stored = self.tables.sessions.get(session_id)
        return self.identity_map.track(copy_of(stored)) if stored else None

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        with self.tables.lock:
            stored = self.tables.sessions.get(session_id)
            if stored is None:
                return None
            user = self.tables.users[stored.user_id]
            return self.identity_map.track(copy_of(stored)), self.identity_map.track(copy_of(user))

    def find_by_token(self, digest: str) -> tuple[RefreshToken, Session, User] | None:
        with self.tables.lock:
            token = self.tables.tokens.get(digest)
            found = self.find_with_user(token.session_id) if token else None
        return (token, *found) if token and found else None

    def live_of(self, user: User, *, now: datetime, limit: int, after: UUID | None) -> Sequence[Session]:
        with self.tables.lock:
            live = [
                session
                for session in self.tables.sessions.values()
                if session.is_live(user, now) and (after is None or session.id < after)
            ]
            live.sort(key=lambda session: session.id, reverse=True)
            return [self.identity_map.track(copy_of(session)) for session in live[:limit]]


@dataclass(frozen=True, slots=True)
class MemoryProfiles(TrackingProfiles):
    """The profiles in memory."""

    tables: Tables

    def read(self, user_id: UUID) -> Profile | None:
        with self.tables.lock:
            stored = self.tables.profiles.get(user_id)
        return self.identity_map.track(copy_of(stored)) if stored else None

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        """Do nothing: reading memory is cheap."""


@dataclass(frozen=True, slots=True)
class MemoryJournal(Journal):
    """The events in memory."""

    tables: Tables

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        with self.tables.lock:
            return [entry_copy(entry) for entry in self.tables.journal.get((aggregate, aggregate_id), ())]
