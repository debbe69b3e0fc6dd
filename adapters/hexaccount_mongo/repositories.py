from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Journal
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount.store_kit.tracking_repositories import TrackingProfiles, TrackingSessions, TrackingUsers
from hexaccount_mongo.documents import entry_from, profile_from, session_from, token_from, user_from
from hexaccount_mongo.reading import Reading

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
class MongoUsers(TrackingUsers):
    """The users in the collection `users`."""

    reading: Reading

    def read(self, user_id: UUID) -> User | None:
        return self._one({"_id": user_id})

    def find_by_name(self, key: str) -> User | None:
        return self._one({"name_key": key})

    def find_by_email(self, key: str) -> User | None:
        return self._one({"email_key": key})

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        later = {} if after is None else {"_id": {"$gt": after}}
        found = self.reading.find("users", later, sort={"_id": 1}, limit=limit)
        return [self.identity_map.track(user_from(document)) for document in found]

    def _one(self, condition: Mapping[str, Any]) -> User | None:
        document = self.reading.one("users", condition)
        return None if document is None else self.identity_map.track(user_from(document))


@dataclass(frozen=True, slots=True)
class MongoSessions(TrackingSessions):
    """The sessions in the collection `sessions`, with their tokens in `refresh_tokens`."""

    reading: Reading

    def read(self, session_id: UUID) -> Session | None:
        document = self.reading.one("sessions", {"_id": session_id})
        return None if document is None else self.identity_map.track(session_from(document))

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        for document in self.reading.joined("sessions", {"_id": session_id}, _JOIN_USER):
            return self.identity_map.track(session_from(document)), self.identity_map.track(user_from(document["user"]))
        return None

    def find_by_token(self, digest: str) -> tuple[RefreshToken, Session, User] | None:
        for document in self.reading.joined("refresh_tokens", {"_id": digest}, _JOIN_SESSION):
            session, user = session_from(document["session"]), user_from(document["user"])
            return token_from(document), self.identity_map.track(session), self.identity_map.track(user)
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
        # Without the hint the server may choose the index of all sessions that are not idle.
        found = self.reading.find("sessions", live, sort={"_id": -1}, limit=limit, hint="sessions_user_id")
        return [self.identity_map.track(session_from(document)) for document in found]


@dataclass(frozen=True, slots=True)
class MongoProfiles(TrackingProfiles):
    """The profiles in the collection `profiles`."""

    reading: Reading

    def read(self, user_id: UUID) -> Profile | None:
        document = self.reading.one("profiles", {"_id": user_id})
        return None if document is None else self.identity_map.track(profile_from(document))

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        found = self.reading.find("profiles", {"_id": {"$in": list(user_ids)}})
        loaded = [self.identity_map.track(profile_from(document)) for document in found]
        for user_id in set(user_ids) - {profile.id for profile in loaded}:
            self.identity_map.note_absent(Profile, user_id)


@dataclass(frozen=True, slots=True)
class MongoJournal(Journal):
    """The events in the collection `journal`."""

    reading: Reading

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        of_it = {"aggregate": aggregate, "aggregate_id": aggregate_id}
        return [entry_from(document) for document in self.reading.find("journal", of_it, sort={"sequence": 1})]
