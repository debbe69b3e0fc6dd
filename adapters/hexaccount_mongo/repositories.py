from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.unit_of_work import Inbox, Journal, Profiles, Sessions, Users
from hexaccount.application.work_in_hand import WorkInHand
from hexaccount.domain.errors import UserNotFound
from hexaccount.domain.profile import Profile
from hexaccount.domain.refresh_token import RefreshToken
from hexaccount.domain.session import Session
from hexaccount.domain.user import User
from hexaccount_mongo.documents import entry_from, profile_from, session_from, token_from, user_from
from hexaccount_mongo.reading import Reading

# Both are found by `_id`, of which each is one.
_JOIN_SESSION: Sequence[Mapping[str, Any]] = (
    {"$lookup": {"from": "sessions", "localField": "session_id", "foreignField": "_id", "as": "session"}},
    {"$unwind": "$session"},
    {"$lookup": {"from": "users", "localField": "session.user_id", "foreignField": "_id", "as": "user"}},
    {"$unwind": "$user"},
)
_JOIN_USER: Sequence[Mapping[str, Any]] = (
    {"$lookup": {"from": "users", "localField": "user_id", "foreignField": "_id", "as": "user"}},
    {"$unwind": "$user"},
)


@dataclass(frozen=True, slots=True)
class MongoUsers(Users):
    """The accounts in the collection `users`."""

    reading: Reading
    work: WorkInHand
    new_hashes: list[tuple[UUID, str | None, str]] = field(default_factory=list)

    def add(self, user: User) -> None:
        self.work.add(user)

    def get(self, user_id: UUID) -> User:
        known = self.work.find(User, user_id)
        if known is not None:
            return known
        user = self._one({"_id": user_id})
        if user is None:
            raise UserNotFound
        return user

    def find_by_name(self, key: str) -> User | None:
        return self._one({"name_key": key})

    def find_by_email(self, key: str) -> User | None:
        return self._one({"email_key": key})

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        later = {} if after is None else {"_id": {"$gt": after}}
        found = self.reading.find("users", later, sort={"_id": 1}, limit=limit)
        return [self.work.keep(user_from(document)) for document in found]

    def replace_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        self.new_hashes.append((user_id, old, new))

    def set_hash(self, user_id: UUID, new: str) -> None:
        self.new_hashes.append((user_id, None, new))

    def _one(self, condition: Mapping[str, Any]) -> User | None:
        document = self.reading.one("users", condition)
        return None if document is None else self.work.keep(user_from(document))


@dataclass(frozen=True, slots=True)
class MongoSessions(Sessions):
    """The logins in the collection `sessions`, and their tokens in `refresh_tokens`."""

    reading: Reading
    work: WorkInHand
    tokens: list[RefreshToken] = field(default_factory=list)

    def add(self, session: Session) -> None:
        self.work.add(session)

    def find(self, session_id: UUID) -> Session | None:
        known = self.work.find(Session, session_id)
        if known is not None:
            return known
        document = self.reading.one("sessions", {"_id": session_id})
        return None if document is None else self.work.keep(session_from(document))

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        for document in self.reading.joined("sessions", {"_id": session_id}, _JOIN_USER):
            return self.work.keep(session_from(document)), self.work.keep(user_from(document["user"]))
        return None

    def find_by_token(self, digest: str) -> tuple[RefreshToken, Session, User] | None:
        for document in self.reading.joined("refresh_tokens", {"_id": digest}, _JOIN_SESSION):
            session, user = session_from(document["session"]), user_from(document["user"])
            return token_from(document), self.work.keep(session), self.work.keep(user)
        return None

    def live_of(self, user: User, *, now: datetime, limit: int, after: UUID | None) -> Sequence[Session]:
        if user.disabled:
            return []
        live: dict[str, Any] = {
            "user_id": user.id,
            "epoch": user.epoch,
            "closed_at": None,
            "idle_until": {"$gt": now},
        }
        if after is not None:
            live["_id"] = {"$lt": after}
        # Else an index may be chosen by which all that are not idle are found.
        found = self.reading.find("sessions", live, sort={"_id": -1}, limit=limit, hint="sessions_of_user")
        return [self.work.keep(session_from(document)) for document in found]

    def put_token(self, token: RefreshToken) -> None:
        self.tokens.append(token)


@dataclass(frozen=True, slots=True)
class MongoProfiles(Profiles):
    """The profiles in the collection `profiles`."""

    reading: Reading
    work: WorkInHand

    def add(self, profile: Profile) -> None:
        self.work.add(profile)

    def find(self, user_id: UUID) -> Profile | None:
        known = self.work.find(Profile, user_id)
        if known is not None:
            return known
        if self.work.is_absent(Profile, user_id):
            return None
        document = self.reading.one("profiles", {"_id": user_id})
        return None if document is None else self.work.keep(profile_from(document))

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        found = self.reading.find("profiles", {"_id": {"$in": list(user_ids)}})
        kept = [self.work.keep(profile_from(document)) for document in found]
        for user_id in set(user_ids) - {profile.id for profile in kept}:
            self.work.note_absent(Profile, user_id)


@dataclass(frozen=True, slots=True)
class MongoJournal(Journal):
    """The events in the collection `journal`."""

    reading: Reading

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        of_it = {"aggregate": aggregate, "aggregate_id": aggregate_id}
        return [entry_from(document) for document in self.reading.find("journal", of_it, sort={"sequence": 1})]


@dataclass(frozen=True, slots=True)
class MongoInbox(Inbox):
    """The handled events, on their way into the collection `inbox`."""

    handled: list[tuple[str, UUID]] = field(default_factory=list)

    def add(self, subscriber: str, event_id: UUID) -> None:
        self.handled.append((subscriber, event_id))
