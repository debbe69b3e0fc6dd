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
from hexaccount_filestore.book import Handle
from hexaccount_filestore.keyed_requests import FileKeyedRequests
from hexaccount_filestore.repositories import FileJournal, FileProfiles, FileSessions, FileUsers
from hexaccount_filestore.state import State, Step


class FileUnitOfWork:
    """A transaction: all is checked, then written as one record, then done, under one lock."""

    def __init__(self, handle: Handle, recorder: EventRecorder) -> None:
        """Take the handle on the book, and who makes journal entries."""
        self._handle = handle
        self._recorder = recorder
        self._work = IdentityMap()
        self.users = FileUsers(self._work, handle)
        self.sessions = FileSessions(self._work, handle)
        self.profiles = FileProfiles(self._work, handle)
        self.journal = FileJournal(handle)
        self.inbox = TrackingInbox(self._work)
        self.idempotency_records = FileKeyedRequests(self._work, handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._work.forget()

    def commit(self) -> None:
        """Store all changes, or raise and store none."""
        changes = self._work.changes(self._recorder)
        book = self._handle.book
        with book.lock:
            self._check_inbox(book.state)
            _check_changes(book.state, changes)
            self._check_tokens(book.state)
            book.do(self._step(book.state, changes))
            book.state.put(change.aggregate for change in changes)
        self._work.acknowledge(changes)
        if changes:
            book.tell()

    def _check_inbox(self, state: State) -> None:
        handled = self._work.pending_writes.handled
        if not state.handled.isdisjoint(handled) or len(set(handled)) < len(handled):
            raise AlreadyHandled

    def _check_tokens(self, state: State) -> None:
        for token in self._work.pending_writes.tokens:
            if token.spent_at is None and token.predecessor in state.followed:
                raise StaleVersion(Session.kind, token.session_id)

    def _step(self, state: State, changes: Sequence[Change]) -> Step:
        users = [change.aggregate for change in changes if isinstance(change.aggregate, User)]
        hashes = {user.id: user.password_hash for user in users if user.id not in state.users}
        for user_id, old, new in self._work.pending_writes.hashes:
            if old in (None, hashes.get(user_id, state.hashes.get(user_id))):
                hashes[user_id] = new
        return Step(
            entries=[entry for change in changes for entry in change.entries],
            hashes=hashes,
            tokens=list(self._work.pending_writes.tokens),
            handled=list(self._work.pending_writes.handled),
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
