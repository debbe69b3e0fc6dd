from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from hexaccount.application.commit_signal import CommitSignal
from hexaccount.application.ports.unit_of_work import AlreadyHandled, StaleVersion
from hexaccount.application.recorder import Recorder
from hexaccount.application.repositories_in_hand import InboxInHand
from hexaccount.application.work_in_hand import Change, WorkInHand
from hexaccount.domain.aggregate import Aggregate
from hexaccount.domain.errors import EmailTaken, UserNameTaken
from hexaccount.domain.profile import Profile
from hexaccount.domain.session import Session
from hexaccount.domain.user import User
from hexaccount_memory.keyed_requests import MemoryKeyedRequests
from hexaccount_memory.repositories import MemoryJournal, MemoryProfiles, MemorySessions, MemoryUsers
from hexaccount_memory.tables import OwedDelivery, Tables, copy_of


class MemoryUnitOfWork:
    """A transaction on a memory store: all is checked under the lock before anything is written."""

    def __init__(self, tables: Tables, recorder: Recorder, commits: CommitSignal) -> None:
        self._tables = tables
        self._recorder = recorder
        self._commits = commits
        self._work = WorkInHand()
        self.users = MemoryUsers(self._work, tables)
        self.sessions = MemorySessions(self._work, tables)
        self.profiles = MemoryProfiles(self._work, tables)
        self.journal = MemoryJournal(tables)
        self.inbox = InboxInHand(self._work)
        self.keyed_requests = MemoryKeyedRequests(self._work, tables)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._work.forget()

    def commit(self) -> None:
        """Check everything, then write everything."""
        changes = self._work.changes(self._recorder)
        with self._tables.lock:
            self._check_inbox()
            for position, change in enumerate(changes):
                self._check(change, changes[:position])
            self._check_tokens()
            self._write(changes)
        self._work.settle(changes)
        if changes:
            self._commits.give()

    def _check_tokens(self) -> None:
        for token in self._work.orders.tokens:
            if token.spent_at is None and token.predecessor in self._tables.followed:
                raise StaleVersion(Session.kind, token.session_id)

    def _check_inbox(self) -> None:
        handled = self._work.orders.handled
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
        tables.inbox.update(self._work.orders.handled)
        tables.tokens.update({token.digest: token for token in self._work.orders.tokens})
        tables.followed.update(token.predecessor for token in self._work.orders.tokens if token.predecessor)
        self.keyed_requests.write()
        for change in changes:
            aggregate = change.aggregate
            stored = copy_of(aggregate)
            if isinstance(stored, User) and (before := tables.users.get(stored.id)) is not None:
                stored.password_hash = before.password_hash  # the version says nothing of it; see replace_hash
            self._table_of(aggregate)[aggregate.id] = stored
            if isinstance(aggregate, User):
                tables.names[aggregate.name.key] = aggregate.id
                tables.emails[aggregate.email.key] = aggregate.id
            tables.journal[aggregate.kind, aggregate.id].extend(change.entries)
            self._owe(change)
        for user_id, old, new in self._work.orders.hashes:
            user = tables.users.get(user_id)
            if user is not None and old in (None, user.password_hash):
                tables.users[user_id] = replace(user, password_hash=new)

    def _owe(self, change: Change) -> None:
        for subscriber, types in self._tables.subscriptions.items():
            owed = [OwedDelivery(entry=entry) for entry in change.entries if {entry.type, "*"} & types]
            if owed:
                pair = (change.aggregate.kind, change.aggregate.id)
                self._tables.owed[subscriber].setdefault(pair, []).extend(owed)

    def _table_of(self, aggregate: Aggregate) -> dict[UUID, Any]:
        # A table holds one kind of aggregate, and here any of them is looked at.
        tables: dict[type[Aggregate], dict[UUID, Any]] = {
            User: self._tables.users,
            Session: self._tables.sessions,
            Profile: self._tables.profiles,
        }
        return tables[type(aggregate)]
