from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.session import Session
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.identity_map import Change, IdentityMap
from hexaccount.store_kit.tracking_repositories import TrackingInbox
from hexaccount_memory.idempotency_records import MemoryIdempotencyRecords
from hexaccount_memory.repositories import MemoryJournal, MemoryProfiles, MemorySessions, MemoryUsers
from hexaccount_memory.tables import StoredDelivery, Tables, copy_of


class MemoryUnitOfWork:
    """A unit of work; under the lock it checks everything before it writes anything."""

    def __init__(self, tables: Tables, recorder: EventRecorder, commits: CommitSignal) -> None:
        self._tables = tables
        self._recorder = recorder
        self._commits = commits
        self._identity_map = IdentityMap()
        self.users = MemoryUsers(self._identity_map, tables)
        self.sessions = MemorySessions(self._identity_map, tables)
        self.profiles = MemoryProfiles(self._identity_map, tables)
        self.journal = MemoryJournal(tables)
        self.inbox = TrackingInbox(self._identity_map)
        self.idempotency_records = MemoryIdempotencyRecords(self._identity_map, tables)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._identity_map.clear()

    def commit(self) -> None:
        changes = self._identity_map.changes(self._recorder)
        with self._tables.lock:
            self._check_inbox()
            for position, change in enumerate(changes):
                self._check(change, changes[:position])
            self._check_tokens()
            self._write(changes)
        self._identity_map.committed(changes)
        if changes:
            self._commits.give()

    def _check_tokens(self) -> None:
        for token in self._identity_map.pending_writes.tokens:
            if token.spent_at is None and token.predecessor in self._tables.followed:
                raise StaleVersion(Session.kind, token.session_id)

    def _check_inbox(self) -> None:
        handled = self._identity_map.pending_writes.handled
        if not self._tables.inbox.isdisjoint(handled) or len(set(handled)) < len(handled):
            raise AlreadyHandled

    def _check(self, change: Change, earlier: Sequence[Change]) -> None:
        aggregate = change.aggregate
        stored = self._table_of(aggregate).get(aggregate.id)
        if isinstance(aggregate, User) and change.stored_version == 0:
            added = [other.aggregate for other in earlier if isinstance(other.aggregate, User)]
            if aggregate.name.key in self._tables.names or aggregate.name in [user.name for user in added]:
                raise UserNameTaken
            if aggregate.email.key in self._tables.emails or aggregate.email in [user.email for user in added]:
                raise EmailTaken
        if (stored.version if stored else 0) != change.stored_version:
            raise StaleVersion(aggregate.kind, aggregate.id)

    def _write(self, changes: Sequence[Change]) -> None:
        tables = self._tables
        tables.inbox.update(self._identity_map.pending_writes.handled)
        tables.tokens.update({token.digest: token for token in self._identity_map.pending_writes.tokens})
        tables.followed.update(
            token.predecessor for token in self._identity_map.pending_writes.tokens if token.predecessor
        )
        self.idempotency_records.write()
        for change in changes:
            aggregate = change.aggregate
            stored = copy_of(aggregate)
            if isinstance(stored, User) and (before := tables.users.get(stored.id)) is not None:
                stored.password_hash = before.password_hash  # the version does not cover it; see replace_hash
            self._table_of(aggregate)[aggregate.id] = stored
            if isinstance(aggregate, User):
                tables.names[aggregate.name.key] = aggregate.id
                tables.emails[aggregate.email.key] = aggregate.id
            tables.journal[aggregate.kind, aggregate.id].extend(change.entries)
            self._enqueue(change)
        for user_id, old, new in self._identity_map.pending_writes.hashes:
            user = tables.users.get(user_id)
            if user is not None and old in (None, user.password_hash):
                tables.users[user_id] = replace(user, password_hash=new)

    def _enqueue(self, change: Change) -> None:
        for subscriber, types in self._tables.subscriptions.items():
            deliveries = [StoredDelivery(entry=entry) for entry in change.entries if {entry.type, "*"} & types]
            if deliveries:
                key = (change.aggregate.kind, change.aggregate.id)
                self._tables.deliveries[subscriber].setdefault(key, []).extend(deliveries)

    def _table_of(self, aggregate: Aggregate) -> dict[UUID, Any]:
        # Any: a table holds one type of aggregate, and the caller has any of them.
        tables: dict[type[Aggregate], dict[UUID, Any]] = {
            User: self._tables.users,
            Session: self._tables.sessions,
            Profile: self._tables.profiles,
        }
        return tables[type(aggregate)]
