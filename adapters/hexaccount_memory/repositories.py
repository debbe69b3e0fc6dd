from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.unit_of_work import Inbox, Journal, Profiles, Sessions, Users
from hexaccount.application.work_in_hand import WorkInHand
from hexaccount.domain.errors import UserNotFound
from hexaccount.domain.profile import Profile
from hexaccount.domain.refresh_token import RefreshToken
from hexaccount.domain.session import Session
from hexaccount.domain.user import User
from hexaccount_memory.tables import Tables, copy_of, entry_copy


@dataclass(frozen=True, slots=True)
class MemoryUsers(Users):
    """The accounts in memory."""

    tables: Tables
    work: WorkInHand
    new_hashes: list[tuple[UUID, str | None, str]] = field(default_factory=list)

    def add(self, user: User) -> None:
        self.work.add(user)

    def get(self, user_id: UUID) -> User:
        user = self._find(user_id)
        if user is None:
            raise UserNotFound
        return user

    def find_by_name(self, key: str) -> User | None:
        with self.tables.lock:
            return self._find(self.tables.names.get(key))

    def find_by_email(self, key: str) -> User | None:
        with self.tables.lock:
            return self._find(self.tables.emails.get(key))

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        with self.tables.lock:
            ids = sorted(user_id for user_id in self.tables.users if after is None or user_id > after)
            return [self.work.keep(copy_of(self.tables.users[user_id])) for user_id in ids[:limit]]

    def replace_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        self.new_hashes.append((user_id, old, new))

    def set_hash(self, user_id: UUID, new: str) -> None:
        self.new_hashes.append((user_id, None, new))

    def _find(self, user_id: UUID | None) -> User | None:
        if user_id is None:
            return None
        known = self.work.find(User, user_id)
        if known is not None:
            return known
        with self.tables.lock:
            stored = self.tables.users.get(user_id)
        return self.work.keep(copy_of(stored)) if stored else None


@dataclass(frozen=True, slots=True)
class MemorySessions(Sessions):
    """The logins in memory, and their refresh tokens."""

    tables: Tables
    work: WorkInHand
    new_tokens: list[RefreshToken] = field(default_factory=list)

    def add(self, session: Session) -> None:
        self.work.add(session)

    def find(self, session_id: UUID) -> Session | None:
        known = self.work.find(Session, session_id)
        if known is not None:
            return known
        with self.tables.lock:
            stored = self.tables.sessions.get(session_id)
        return self.work.keep(copy_of(stored)) if stored else None

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        with self.tables.lock:
            stored = self.tables.sessions.get(session_id)
            if stored is None:
                return None
            user = self.tables.users[stored.user_id]
            return self.work.keep(copy_of(stored)), self.work.keep(copy_of(user))

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
            return [self.work.keep(copy_of(session)) for session in live[:limit]]

    def put_token(self, token: RefreshToken) -> None:
        self.new_tokens.append(token)


@dataclass(frozen=True, slots=True)
class MemoryProfiles(Profiles):
    """The profiles in memory."""

    tables: Tables
    work: WorkInHand

    def add(self, profile: Profile) -> None:
        self.work.add(profile)

    def find(self, user_id: UUID) -> Profile | None:
        known = self.work.find(Profile, user_id)
        if known is not None:
            return known
        with self.tables.lock:
            stored = self.tables.profiles.get(user_id)
        return self.work.keep(copy_of(stored)) if stored else None

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        """Return: to look into memory costs nothing."""


@dataclass(frozen=True, slots=True)
class MemoryJournal(Journal):
    """The events in memory."""

    tables: Tables

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        with self.tables.lock:
            return [entry_copy(entry) for entry in self.tables.journal.get((aggregate, aggregate_id), ())]


@dataclass(frozen=True, slots=True)
class MemoryInbox(Inbox):
    """The handled events in memory."""

    handled: list[tuple[str, UUID]] = field(default_factory=list)

    def add(self, subscriber: str, event_id: UUID) -> None:
        self.handled.append((subscriber, event_id))
