from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.identity_map import Change, IdentityMap
from hexaccount.store_kit.tracking_repositories import TrackingInbox
from hexaccount_sql.errors import store_errors
from hexaccount_sql.idempotency_records import SqlIdempotencyRecords
from hexaccount_sql.repositories import SqlJournal, SqlProfiles, SqlSessions, SqlUsers
from hexaccount_sql.rows import TABLES
from hexaccount_sql.schema import users
from hexaccount_sql.writes import LostRace, Writer, Writes

_NAME_OWNER = sa.select(users.c.id).where(users.c.name_key == sa.bindparam("key"))

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_DEADLOCK_DETECTED = "40P01"
_DEADLOCK_RETRIES = 10


class SqlUnitOfWork:
    """A unit of work; it holds one connection from its first read until it ends."""

    def __init__(self, engine: sa.Engine, writer: Writer, recorder: EventRecorder, commits: CommitSignal) -> None:
        self._engine = engine
        self._writer = writer
        self._recorder = recorder
        self._commits = commits
        self._connection: sa.Connection | None = None
        self._identity_map = IdentityMap()
        self.users = SqlUsers(self._identity_map, self._read)
        self.sessions = SqlSessions(self._identity_map, self._read)
        self.profiles = SqlProfiles(self._identity_map, self._read)
        self.journal = SqlJournal(self._read)
        self.inbox = TrackingInbox(self._identity_map)
        self.idempotency_records = SqlIdempotencyRecords(self._identity_map, self._read, writer.insert)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._identity_map.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def commit(self) -> None:
        changes = self._identity_map.changes(self._recorder)
        writes = Writes.of(changes, self._identity_map.pending_writes)
        if writes.empty:
            return
        with store_errors():
            enqueued = self._write(writes, changes)
        self._identity_map.committed(changes)
        if enqueued:
            self._commits.give()

    def _write(self, writes: Writes, changes: Sequence[Change]) -> bool:
        try:
            return self._write_despite_deadlocks(writes)
        except exc.IntegrityError as error:
            raise self._explain(_broken_constraint(error), changes) from error
        except LostRace as error:
            raise self._stale(changes) from error

    def _write_despite_deadlocks(self, writes: Writes) -> bool:
        """Write, and repeat if the database aborts the statement to resolve a deadlock."""
        for _ in range(_DEADLOCK_RETRIES):
            try:
                return self._writer.write(self._connect(), writes)
            except exc.OperationalError as error:
                if getattr(error.orig, "sqlstate", None) != _DEADLOCK_DETECTED:
                    raise
        return self._writer.write(self._connect(), writes)

    def _explain(self, constraint: str, changes: Sequence[Change]) -> Exception:
        """Return the refusal that a violated constraint means; a taken name takes precedence over a taken address."""
        if "inbox" in constraint:
            return AlreadyHandled()
        if "name_key" in constraint:
            return UserNameTaken()
        if "email_key" in constraint:
            accounts = [change.aggregate for change in changes if isinstance(change.aggregate, User)]
            return UserNameTaken() if any(self._is_taken(account) for account in accounts) else EmailTaken()
        return self._stale(changes)

    def _is_taken(self, account: User) -> bool:
        return any(row.id != account.id for row in self._read(_NAME_OWNER, {"key": account.name.key}))

    def _stale(self, changes: Sequence[Change]) -> StaleVersion:
        """Return the refusal for the first aggregate whose stored version differs from the one that was read."""
        for change in changes:
            table = TABLES[type(change.aggregate)]
            versions = sa.select(table.c.version).where(table.c.id == sa.bindparam("id"))
            rows = self._read(versions, {"id": change.aggregate.id})
            if (rows[0].version if rows else 0) != change.stored_version:
                return StaleVersion(change.aggregate.kind, change.aggregate.id)
        last = changes[-1].aggregate
        return StaleVersion(last.kind, last.id)

    def _connect(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _read(self, statement: sa.Executable, parameters: dict[str, Any]) -> Sequence[sa.Row[Any]]:
        with store_errors():
            return self._connect().execute(statement, parameters).all()


def _broken_constraint(error: exc.IntegrityError) -> str:
    """Return the constraint's name on PostgreSQL, and on SQLite a message with its table and columns.

    PostgreSQL's message contains the values, which users choose and could make look like the name of a constraint.
    """
    diagnosis = getattr(error.orig, "diag", None)
    return str(error.orig) if diagnosis is None else str(diagnosis.constraint_name)
