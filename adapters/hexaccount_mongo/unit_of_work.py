from collections.abc import Mapping, Sequence, Set
from types import TracebackType
from typing import Any, Self

from pymongo.errors import BulkWriteError, DuplicateKeyError

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.session import Session
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.identity_map import Change, IdentityMap
from hexaccount.store_kit.tracking_repositories import TrackingInbox
from hexaccount_mongo.connections import Documents
from hexaccount_mongo.documents import COLLECTION_OF
from hexaccount_mongo.keyed_requests import MongoKeyedRequests
from hexaccount_mongo.reading import Reading
from hexaccount_mongo.repositories import MongoJournal, MongoProfiles, MongoSessions, MongoUsers
from hexaccount_mongo.transactions import TryAgain, persistently, try_once
from hexaccount_mongo.writes import LostRace, Writes

_DUPLICATE_KEY = 11000


class MongoUnitOfWork:
    """A transaction on MongoDB: reads outside of it, and all writes in one at the end."""

    def __init__(self, database: Documents, recorder: EventRecorder, commits: CommitSignal) -> None:
        self._database = database
        self._recorder = recorder
        self._commits = commits
        self._work = IdentityMap()
        self._reading = Reading(database)
        self.users = MongoUsers(self._work, self._reading)
        self.sessions = MongoSessions(self._work, self._reading)
        self.profiles = MongoProfiles(self._work, self._reading)
        self.journal = MongoJournal(self._reading)
        self.inbox = TrackingInbox(self._work)
        self.idempotency_records = MongoKeyedRequests(self._work, database, self._reading)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._work.forget()
        self._reading.end()

    def commit(self) -> None:
        changes = self._work.changes(self._recorder)
        writes = Writes.of(changes, self._work.pending_writes)
        if writes.empty:
            return
        with self._database.reached():
            pending = persistently(lambda: self._write(writes, changes))
        self._work.acknowledge(changes)
        if pending:
            self._commits.give()

    def _write(self, writes: Writes, changes: Sequence[Change]) -> bool:
        """Write, or raise a refusal; who is aborted for another's sake learns the outcome by trying again."""
        try:
            return try_once(self._reading.session, lambda session: writes.write(self._database, session))
        except LostRace as error:
            raise self._stale(changes) from error
        except DuplicateKeyError as error:  # a request's key was taken between the look at it and the write
            raise TryAgain from error
        except BulkWriteError as error:
            refusal = self._explain(_doubled(error), changes)
            raise refusal from None  # the driver's error would show what was to be written

    def _explain(self, fields: Set[str], changes: Sequence[Change]) -> Exception:
        """Say which rule an index has kept; the name's refusal comes first, whichever index was asked first."""
        if "subscriber" in fields:
            return AlreadyHandled()
        if "name_key" in fields:
            return UserNameTaken()
        if "email_key" in fields:
            return UserNameTaken() if self._has_taken_name(changes) else EmailTaken()
        return self._stale(changes)

    def _has_taken_name(self, changes: Sequence[Change]) -> bool:
        accounts = [change.aggregate for change in changes if isinstance(change.aggregate, User)]
        keys = [account.name.key for account in accounts]
        owners = self._reading.find("users", {"name_key": {"$in": keys}})
        ids = {account.id for account in accounts}
        return len(set(keys)) < len(keys) or any(owner["_id"] not in ids for owner in owners)

    def _stale(self, changes: Sequence[Change]) -> StaleVersion:
        """Name the first aggregate that is not as it was read, else the session whose token was used before."""
        for change in changes:
            document = self._reading.one(COLLECTION_OF[type(change.aggregate)], {"_id": change.aggregate.id})
            if (document["version"] if document else 0) != change.stored_version:
                return StaleVersion(change.aggregate.kind, change.aggregate.id)
        if tokens := self._work.pending_writes.tokens:
            return StaleVersion(Session.kind, tokens[-1].session_id)
        last = changes[-1].aggregate
        return StaleVersion(last.kind, last.id)


def _doubled(error: BulkWriteError) -> Set[str]:
    """Return the fields of the unique index that has refused a write; raises the error again if it is none."""
    first: Mapping[str, Any] = error.details["writeErrors"][0]
    if first["code"] != _DUPLICATE_KEY:
        raise error
    return set(first["keyPattern"])
