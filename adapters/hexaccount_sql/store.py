from typing import TYPE_CHECKING

import sqlalchemy as sa

from hexaccount.accounts.ports import StoredProfiles
from hexaccount.events.ports import DeadLetters, History, Outbox, Subscriptions
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.retention.ports import RetentionStore
from hexaccount.signing_keys.ports import SigningKeys
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWork
from hexaccount_sql.allowances import SqlRateLimitStore
from hexaccount_sql.clearing import SqlClearing
from hexaccount_sql.connections import open_engine, postgresql_defaults, without_pooler
from hexaccount_sql.history import SqlHistory
from hexaccount_sql.migration import check_schema, is_behind, migrate
from hexaccount_sql.outbox import SqlOutbox
from hexaccount_sql.set_aside import SqlSetAsideDeliveries
from hexaccount_sql.signing_keys import SqlSigningKeys
from hexaccount_sql.stored_profiles import SqlStoredProfiles
from hexaccount_sql.subscriptions import SqlSubscriptions
from hexaccount_sql.unit_of_work import SqlUnitOfWork
from hexaccount_sql.writes import Writer

if TYPE_CHECKING:
    from hexaccount_sql.listener import CommitListener


class SqlStore(Store):
    """The store on PostgreSQL (`postgresql://…`) or SQLite (`sqlite:///…`); it connects at first use."""

    def __init__(self, url: str, *, recorder: EventRecorder, metrics: Metrics = NO_METRICS) -> None:
        self._url = url
        self._recorder = recorder
        self._engine = open_engine(url, metrics=metrics)
        self._commits = CommitSignal()
        _, pooled = without_pooler(sa.make_url(url))
        self._writer, self._listener = _parts_for(self._engine, self._commits, listens=not pooled)
        self._outbox = SqlOutbox(self._engine, self._writer.insert, self._commits)
        self._set_aside = SqlSetAsideDeliveries(self._engine, self._commits)
        self._allowances = SqlRateLimitStore(self._engine)
        self._watching = False

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    @property
    def dead_letters(self) -> DeadLetters:
        return self._set_aside

    @property
    def subscriptions(self) -> Subscriptions:
        return SqlSubscriptions(self._engine)

    @property
    def history(self) -> History:
        return SqlHistory(self._engine)

    @property
    def stored_profiles(self) -> StoredProfiles:
        return SqlStoredProfiles(self._engine, self._writer.insert)

    @property
    def retention_store(self) -> RetentionStore:
        return SqlClearing(self._engine)

    @property
    def signing_keys(self) -> SigningKeys:
        return SqlSigningKeys(self._engine)

    @property
    def rate_limits(self) -> RateLimitStore:
        return self._allowances

    @property
    def commits(self) -> CommitSignal:
        return self._commits

    def unit_of_work(self) -> UnitOfWork:
        return SqlUnitOfWork(self._engine, self._writer, self._recorder, self._commits)

    def check(self) -> None:
        check_schema(self._engine)

    def is_behind(self) -> bool:
        return is_behind(self._engine)

    def watch(self) -> None:
        """Listen for commits elsewhere on PostgreSQL; SQLite cannot tell of them, nor can a pooler."""
        if self._listener is not None and not self._watching:
            self._listener.start()
            self._watching = True

    def migrate(self) -> str:
        return migrate(self._url)

    def close(self) -> None:
        if self._listener is not None and self._watching:
            self._listener.stop()
        self._engine.dispose()


def _parts_for(engine: sa.Engine, commits: CommitSignal, *, listens: bool) -> tuple[Writer, "CommitListener | None"]:
    # Each database's own modules are imported only where it is used, its driver with them.
    if engine.dialect.name == "sqlite":
        from hexaccount_sql.sqlite_writer import SqliteWriter  # noqa: PLC0415 - only its own database needs it

        return SqliteWriter(), None
    from hexaccount_sql.postgres_writer import PostgresWriter  # noqa: PLC0415 - only its own database needs it

    writer = PostgresWriter()
    if not listens:
        return writer, None
    from hexaccount_sql.listener import CommitListener  # noqa: PLC0415 - only its own database needs it

    _, arguments = engine.dialect.create_connect_args(engine.url)
    arguments = {**arguments, **postgresql_defaults(engine.url)}
    return writer, CommitListener(arguments, own_token=writer.token, commits=commits)
