from typing import TYPE_CHECKING

import sqlalchemy as sa

from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.kernel.records import RecordSchema
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork
from hexaccount_sql.commit_notifier import CommitNotifier
from hexaccount_sql.connections import open_engine
from hexaccount_sql.dead_letters import SqlDeadLetters
from hexaccount_sql.errors import store_errors
from hexaccount_sql.history import SqlHistory
from hexaccount_sql.migration import check_schema, is_behind, migrate
from hexaccount_sql.outbox import SqlOutbox
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.postgres_url import read_url
from hexaccount_sql.retention import SqlRetentionStore
from hexaccount_sql.subscriptions import SqlSubscriptions
from hexaccount_sql.transaction import SqlTransaction
from hexaccount_sql.writer import Writer

if TYPE_CHECKING:
    from hexaccount_sql.listener import CommitListener


class SqlStore:
    """The port `Store` on PostgreSQL (`postgresql://…`) or SQLite (`sqlite:///…`); it connects at first use.

    `rate_limits` counts attempts in place of the database, which SQLite needs: the table is PostgreSQL's.
    Raises ValueError for a URL that cannot be used.
    """

    _open_engine = staticmethod(open_engine)  # handles of a subclass may share engines

    def __init__(
        self,
        url: str,
        *,
        recorder: EventRecorder,
        records: RecordSchema,
        metrics: Metrics = NO_METRICS,
        rate_limits: RateLimitStore | None = None,
    ) -> None:
        self._url = url
        self._records = records
        self._recorder = recorder
        self._engine = self._open_engine(url, metrics=metrics)
        self._writer, self.commits, self._listener = _dialect_parts(self._engine, url)
        self._listening = self._signalled = False
        self.outbox = SqlOutbox(self._engine, self._writer.insert, self.commits)
        self.dead_letters = SqlDeadLetters(self._engine, self.commits)
        self.subscriptions = SqlSubscriptions(self._engine)
        self.history = SqlHistory(self._engine)
        self.retention_store = SqlRetentionStore(self._engine, self._writer.insert)
        self.rate_limits = rate_limits or _stored_rate_limits(self._engine)

    def unit_of_work(self) -> StoreUnitOfWork:
        transaction = SqlTransaction(self._engine, self._writer)
        return StoreUnitOfWork(transaction, self._recorder, self.commits)

    def check(self) -> None:
        check_schema(self._engine, self._records)
        with store_errors(), PlainConnection(self._engine) as connection:
            self._writer.check(connection)

    def is_behind(self) -> bool:
        return is_behind(self._engine, self._records)

    def watch(self) -> bool:
        """Listen for commits of other processes on PostgreSQL; SQLite, poolers and some engines cannot notify."""
        if self._listener is not None and not self._listening:
            self._listening = True
            self._signalled = self._listener.start()
        return self._signalled

    def migrate(self) -> str:
        return migrate(self._url, records=self._records)

    def close(self) -> None:
        if self._listener is not None:
            self._listener.stop()
        self._engine.dispose()


def _stored_rate_limits(engine: sa.Engine) -> RateLimitStore:
    from hexaccount_sql.rate_limits import SqlRateLimitStore  # noqa: PLC0415 - imports the dialect of PostgreSQL

    return SqlRateLimitStore(engine)


def _dialect_parts(engine: sa.Engine, url: str) -> tuple[Writer, CommitSignal, "CommitListener | None"]:
    # Each dialect's modules import its driver, which may not be installed for the other.
    if engine.dialect.name == "sqlite":
        from hexaccount_sql.sqlite_writer import SqliteWriter  # noqa: PLC0415 - imports the driver

        return SqliteWriter(), CommitSignal(), None
    from hexaccount_sql.postgres_writer import PostgresWriter  # noqa: PLC0415 - imports the driver

    read = read_url(url)
    if read.pooled:
        return PostgresWriter(), CommitSignal(), None
    from hexaccount_sql.listener import CommitListener  # noqa: PLC0415 - imports the driver

    commits = CommitNotifier(engine)
    return PostgresWriter(), commits, CommitListener(read, commits)
