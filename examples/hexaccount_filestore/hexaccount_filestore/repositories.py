from collections.abc import Sequence
from dataclasses import dataclass, field, replace
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
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import State, copy_of, entry_copy


@dataclass(frozen=True, slots=True)
class FileUsers(Users):
    """The accounts; their hashes stand beside them, as no version tells of those."""

    handle: Handle
    work: WorkInHand
    new_hashes: list[tuple[UUID, str | None, str]] = field(default_factory=list)

    def add(self, user: User) -> None:
        self.work.add(user)

    def get(self, user_id: UUID) -> User:
        with self.handle.book.lock:
            user = self._find(user_id)
        if user is None:
            raise UserNotFound
        return user

    def find_by_name(self, key: str) -> User | None:
        with self.handle.book.lock:
            return self._find(self.handle.book.state.names.get(key))

    def find_by_email(self, key: str) -> User | None:
        with self.handle.book.lock:
            return self._find(self.handle.book.state.emails.get(key))

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        with self.handle.book.lock:
            state = self.handle.book.state
            ids = sorted(user_id for user_id in state.users if after is None or user_id > after)
            return [self.work.keep(stored_user(state, user_id)) for user_id in ids[:limit]]

    def replace_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        self.new_hashes.append((user_id, old, new))

    def set_hash(self, user_id: UUID, new: str) -> None:
        self.new_hashes.append((user_id, None, new))

    def _find(self, user_id: UUID | None) -> User | None:
        if user_id is None:
            return None
        known = self.work.find(User, user_id)
        if known is not None or user_id not in self.handle.book.state.users:
            return known
        return self.work.keep(stored_user(self.handle.book.state, user_id))


@dataclass(frozen=True, slots=True)
class FileSessions(Sessions):
    """The logins and their refresh tokens."""

    handle: Handle
    work: WorkInHand
    new_tokens: list[RefreshToken] = field(default_factory=list)

    def add(self, session: Session) -> None:
        self.work.add(session)

    def find(self, session_id: UUID) -> Session | None:
        known = self.work.find(Session, session_id)
        if known is not None:
            return known
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

    def put_token(self, token: RefreshToken) -> None:
        self.new_tokens.append(token)


@dataclass(frozen=True, slots=True)
class FileProfiles(Profiles):
    """What people tell of themselves."""

    handle: Handle
    work: WorkInHand

    def add(self, profile: Profile) -> None:
        self.work.add(profile)

    def find(self, user_id: UUID) -> Profile | None:
        known = self.work.find(Profile, user_id)
        if known is not None:
            return known
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


@dataclass(frozen=True, slots=True)
class FileInbox(Inbox):
    """The handled events."""

    handled: list[tuple[str, UUID]] = field(default_factory=list)

    def add(self, subscriber: str, event_id: UUID) -> None:
        self.handled.append((subscriber, event_id))


def stored_user(state: State, user_id: UUID) -> User:
    """Return an account with its hash."""
    return replace(copy_of(state.users[user_id]), password_hash=state.hashes[user_id])
