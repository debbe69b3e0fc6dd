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
from hexaccount_mongo.idempotency_records import MongoIdempotencyRecords
from hexaccount_mongo.reading import Reading
from hexaccount_mongo.repositories import MongoJournal, MongoProfiles, MongoSessions, MongoUsers
from hexaccount_mongo.transactions import TryAgain, persistently, try_once
from hexaccount_mongo.writes import LostRace, Writes

_DUPLICATE_KEY = 11000


class MongoUnitOfWork:
    """A unit of work: reads outside of a transaction, and all writes in one transaction at the end."""

    def __init__(self, database: Documents, recorder: EventRecorder, commits: CommitSignal) -> None:
        self._database = database
        self._recorder = recorder
        self._commits = commits
        self._identity_map = IdentityMap()
        self._reading = Reading(database)
        self.users = MongoUsers(self._identity_map, self._reading)
        self.sessions = MongoSessions(self._identity_map, self._reading)
        self.profiles = MongoProfiles(self._identity_map, self._reading)
        self.journal = MongoJournal(self._reading)
        self.inbox = TrackingInbox(self._identity_map)
        self.idempotency_records = MongoIdempotencyRecords(self._identity_map, database, self._reading)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._identity_map.clear()
        self._reading.end()

    def commit(self) -> None:
        changes = self._identity_map.changes(self._recorder)
        writes = Writes.of(changes, self._identity_map.pending_writes)
        if writes.empty:
            return
        with self._database.reached():
            enqueued = persistently(lambda: self._write(writes, changes))
        self._identity_map.committed(changes)
        if enqueued:
            self._commits.give()

    def _write(self, writes: Writes, changes: Sequence[Change]) -> bool:
        """Write, or raise a refusal; raises TryAgain if a concurrent transaction aborted this one."""
        try:
            return try_once(self._reading.session, lambda session: writes.write(self._database, session))
        except LostRace as error:
            raise self._stale(changes) from error
        except DuplicateKeyError as error:  # another request took the key since it was read
            raise TryAgain from error
        except BulkWriteError as error:
            refusal = self._explain(_duplicate_fields(error), changes)
            raise refusal from None  # the driver's error contains the documents

    def _explain(self, fields: Set[str], changes: Sequence[Change]) -> Exception:
        """Return the refusal that a duplicate means; a taken name takes precedence over a taken address."""
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
        """Return the refusal for the first aggregate with an outdated version, else for the token's session."""
        for change in changes:
            document = self._reading.one(COLLECTION_OF[type(change.aggregate)], {"_id": change.aggregate.id})
            if (document["version"] if document else 0) != change.stored_version:
                return StaleVersion(change.aggregate.kind, change.aggregate.id)
        if tokens := self._identity_map.pending_writes.tokens:
            return StaleVersion(Session.kind, tokens[-1].session_id)
        last = changes[-1].aggregate
        return StaleVersion(last.kind, last.id)


def _duplicate_fields(error: BulkWriteError) -> Set[str]:
    """Return the fields of the violated unique index; raises the error again if it has another cause."""
    first: Mapping[str, Any] = error.details["writeErrors"][0]
    if first["code"] != _DUPLICATE_KEY:
        raise error
    return set(first["keyPattern"])
