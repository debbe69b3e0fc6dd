from collections.abc import Sequence
from types import TracebackType
from typing import Self

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.session import Session
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.identity_map import Change, IdentityMap
from hexaccount.store_kit.tracking_repositories import TrackingInbox
from hexaccount_filestore.database import Handle
from hexaccount_filestore.idempotency_records import FileIdempotencyRecords
from hexaccount_filestore.repositories import FileJournal, FileProfiles, FileSessions, FileUsers
from hexaccount_filestore.state import State, Transaction


class FileUnitOfWork:
    """A unit of work; under the lock it checks everything, then writes one record, then applies it."""

    def __init__(self, handle: Handle, recorder: EventRecorder) -> None:
        self._handle = handle
        self._recorder = recorder
        self._identity_map = IdentityMap()
        self.users = FileUsers(self._identity_map, handle)
        self.sessions = FileSessions(self._identity_map, handle)
        self.profiles = FileProfiles(self._identity_map, handle)
        self.journal = FileJournal(handle)
        self.inbox = TrackingInbox(self._identity_map)
        self.idempotency_records = FileIdempotencyRecords(self._identity_map, handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._identity_map.clear()

    def commit(self) -> None:
        """Store all changes, or raise and store none."""
        changes = self._identity_map.changes(self._recorder)
        database = self._handle.database
        with database.lock:
            self._check_inbox(database.state)
            _check_changes(database.state, changes)
            self._check_tokens(database.state)
            database.commit(self._transaction(database.state, changes))
            database.state.put(change.aggregate for change in changes)
        self._identity_map.committed(changes)
        if changes:
            database.notify()

    def _check_inbox(self, state: State) -> None:
        handled = self._identity_map.pending_writes.handled
        if not state.inbox.isdisjoint(handled) or len(set(handled)) < len(handled):
            raise AlreadyHandled

    def _check_tokens(self, state: State) -> None:
        for token in self._identity_map.pending_writes.tokens:
            if token.spent_at is None and token.predecessor in state.followed:
                raise StaleVersion(Session.kind, token.session_id)

    def _transaction(self, state: State, changes: Sequence[Change]) -> Transaction:
        users = [change.aggregate for change in changes if isinstance(change.aggregate, User)]
        hashes = {user.id: user.password_hash for user in users if user.id not in state.users}
        for user_id, old, new in self._identity_map.pending_writes.hashes:
            if old in (None, hashes.get(user_id, state.hashes.get(user_id))):
                hashes[user_id] = new
        return Transaction(
            entries=[entry for change in changes for entry in change.entries],
            hashes=hashes,
            tokens=list(self._identity_map.pending_writes.tokens),
            inbox=list(self._identity_map.pending_writes.handled),
            requests=self.idempotency_records.to_store(),
        )


def _check_changes(state: State, changes: Sequence[Change]) -> None:
    names, emails = set(state.names), set(state.emails)
    for change in changes:
        aggregate = change.aggregate
        if isinstance(aggregate, User) and change.stored_version == 0:
            if aggregate.name.key in names:
                raise UserNameTaken
            if aggregate.email.key in emails:
                raise EmailTaken
            names.add(aggregate.name.key)
            emails.add(aggregate.email.key)
        if state.version_of(aggregate) != change.stored_version:
            raise StaleVersion(aggregate.kind, aggregate.id)
