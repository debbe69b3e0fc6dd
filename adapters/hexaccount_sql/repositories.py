from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Journal
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount.store_kit.tracking_repositories import TrackingProfiles, TrackingSessions, TrackingUsers
from hexaccount_sql.columns import Moment
from hexaccount_sql.rows import entry_from, profile_from, session_from, token_from, user_from
from hexaccount_sql.schema import journal, profiles, refresh_tokens, sessions, users

Read: TypeAlias = Callable[[sa.Executable, dict[str, Any]], Sequence[sa.Row[Any]]]

_ID = sa.bindparam("id", type_=sa.Uuid)
_USER = sa.select(users).where(users.c.id == _ID)
_USER_BY_NAME = sa.select(users).where(users.c.name_key == sa.bindparam("key"))
_USER_BY_EMAIL = sa.select(users).where(users.c.email_key == sa.bindparam("key"))
_FIRST_USERS = sa.select(users).order_by(users.c.id).limit(sa.bindparam("limit"))
_NEXT_USERS = _FIRST_USERS.where(users.c.id > _ID)
_SESSION = sa.select(sessions).where(sessions.c.id == _ID)
_SESSION_WITH_USER = (
    sa.select(sessions, users).join(users, users.c.id == sessions.c.user_id).where(sessions.c.id == _ID)
)
_SESSION_WIDTH = len(sessions.columns)
_TOKEN_WITH_SESSION_AND_USER = (
    sa.select(refresh_tokens, sessions, users)
    .join(sessions, sessions.c.id == refresh_tokens.c.session_id)
    .join(users, users.c.id == sessions.c.user_id)
    .where(refresh_tokens.c.digest == sa.bindparam("digest", type_=sa.Text))
)
_TOKEN_WIDTH = len(refresh_tokens.columns)
_NEWEST_LIVE_SESSIONS = (
    sa.select(sessions)
    .where(
        sessions.c.user_id == sa.bindparam("user", type_=sa.Uuid),
        sessions.c.epoch == sa.bindparam("epoch", type_=sa.Integer),
        sessions.c.closed_at.is_(None),
        sessions.c.idle_until > sa.bindparam("now", type_=Moment),
    )
    .order_by(sessions.c.id.desc())
    .limit(sa.bindparam("limit"))
)
_OLDER_LIVE_SESSIONS = _NEWEST_LIVE_SESSIONS.where(sessions.c.id < _ID)
_PROFILE = sa.select(profiles).where(profiles.c.id == _ID)
_PROFILES = sa.select(profiles).where(profiles.c.id.in_(sa.bindparam("ids", type_=sa.Uuid, expanding=True)))
_JOURNAL = (
    sa.select(journal)
    .where(journal.c.aggregate == sa.bindparam("aggregate"), journal.c.aggregate_id == _ID)
    .order_by(journal.c.sequence)
)


@dataclass(frozen=True, slots=True)
class SqlUsers(TrackingUsers):
    """The users in the table `users`."""

    rows: Read

    def read(self, user_id: UUID) -> User | None:
        return self._one(_USER, {"id": user_id})

    def find_by_name(self, key: str) -> User | None:
        return self._one(_USER_BY_NAME, {"key": key})

    def find_by_email(self, key: str) -> User | None:
        return self._one(_USER_BY_EMAIL, {"key": key})

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        statement = _FIRST_USERS if after is None else _NEXT_USERS
        rows = self.rows(statement, {"limit": limit} if after is None else {"limit": limit, "id": after})
        return [self.identity_map.track(user_from(row)) for row in rows]

    def _one(self, statement: sa.Executable, parameters: dict[str, Any]) -> User | None:
        for row in self.rows(statement, parameters):
            return self.identity_map.track(user_from(row))
        return None


@dataclass(frozen=True, slots=True)
class SqlSessions(TrackingSessions):
    """The sessions in the table `sessions`, with their tokens in `refresh_tokens`."""

    rows: Read

    def read(self, session_id: UUID) -> Session | None:
        for row in self.rows(_SESSION, {"id": session_id}):
            return self.identity_map.track(session_from(row))
        return None

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        for row in self.rows(_SESSION_WITH_USER, {"id": session_id}):
            return self._keep_both(row)
        return None

    def find_by_token(self, digest: str) -> tuple[RefreshToken, Session, User] | None:
        for row in self.rows(_TOKEN_WITH_SESSION_AND_USER, {"digest": digest}):
            return token_from(row), *self._keep_both(row[_TOKEN_WIDTH:])
        return None

    def live_of(self, user: User, *, now: datetime, limit: int, after: UUID | None) -> Sequence[Session]:
        if user.disabled:
            return []
        statement = _NEWEST_LIVE_SESSIONS if after is None else _OLDER_LIVE_SESSIONS
        parameters = {"user": user.id, "epoch": user.epoch, "now": now, "limit": limit}
        rows = self.rows(statement, parameters if after is None else {**parameters, "id": after})
        return [self.identity_map.track(session_from(row)) for row in rows]

    def _keep_both(self, row: Sequence[Any]) -> tuple[Session, User]:
        return self.identity_map.track(session_from(row)), self.identity_map.track(user_from(row[_SESSION_WIDTH:]))


@dataclass(frozen=True, slots=True)
class SqlProfiles(TrackingProfiles):
    """The profiles in the table `profiles`."""

    rows: Read

    def read(self, user_id: UUID) -> Profile | None:
        for row in self.rows(_PROFILE, {"id": user_id}):
            return self.identity_map.track(profile_from(row))
        return None

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        found = [self.identity_map.track(profile_from(row)) for row in self.rows(_PROFILES, {"ids": list(user_ids)})]
        for user_id in set(user_ids) - {profile.id for profile in found}:
            self.identity_map.note_absent(Profile, user_id)


@dataclass(frozen=True, slots=True)
class SqlJournal(Journal):
    """The events in the table `journal`."""

    rows: Read

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        rows = self.rows(_JOURNAL, {"aggregate": aggregate, "id": aggregate_id})
        return [entry_from(row) for row in rows]
