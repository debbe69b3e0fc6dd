import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from time import monotonic, sleep
from typing import cast

import psycopg
import sqlalchemy as sa
from psycopg import sql

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.kit_records import KIT_RECORDS
from hexaccount.kernel.metrics import Metrics
from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_shared_memory import SharedMemoryRateLimitStore
from hexaccount_sql import SqlStore
from hexaccount_sql.connections import open_engine
from hexaccount_sql.migration import migrate
from tests.servers.postgres import temporary_database

_IN_MEMORY = Path("/dev/shm")


class SharedSqlStore(SqlStore):
    """Shares the engine with the other handles on a database, which so compile each statement once and not per test."""

    _open_engine = staticmethod(lru_cache(maxsize=4)(open_engine))

    def close(self) -> None:
        """Close once no other handle uses a connection, which would be lost with the former pool."""
        if self._listener is not None:
            self._listener.stop()
            pool, until = cast("sa.QueuePool", self._engine.pool), monotonic() + 1
            while pool.checkedout() and monotonic() < until:
                sleep(0.001)
        super().close()


_kept = cache(open_engine)


def _open_kept(url: str, *, metrics: Metrics) -> sa.Engine:
    return _kept(url)


class KeptSqlStore(SharedSqlStore):
    """Leaves its connections to the handles of later tests, which so connect and prepare statements once."""

    _open_engine = staticmethod(_open_kept)

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.stop()


def open_sql_store(url: str, recorder: EventRecorder, records: RecordSchema) -> Store:
    """Open a store; a module-level function, so that other processes can call it."""
    scheme, _, path = url.partition(":///")
    limits = SharedMemoryRateLimitStore(Path(f"{path}-limits")) if scheme == "sqlite" else None
    return SharedSqlStore(url, recorder=recorder, records=records, rate_limits=limits)


def open_kept_sql_store(url: str, recorder: EventRecorder, records: RecordSchema) -> Store:
    """Open another handle on a `migrated_database`."""
    return KeptSqlStore(url, recorder=recorder, records=records)


@contextmanager
def migrated_database(server: str) -> Iterator[str]:
    """Yield the URL of a database on PostgreSQL with the schema and the records of the kit, for all tests with it."""
    with temporary_database(server) as url:
        migrate_with_kit(url)
        try:
            yield url
        finally:
            _kept(url).dispose()


def migrate_with_kit(url: str) -> None:
    """Add the schema and the tables of the kit's records."""
    migrate(url, records=record_schema())
    migrate(url, records=KIT_RECORDS)


def quick_directory(otherwise: Path) -> Path:
    """Return a folder in memory, if there is one: these tests do not depend on durability."""
    return _IN_MEMORY if _IN_MEMORY.is_dir() else otherwise


def new_file(folder: Path, migrated: Path) -> str:
    """Return the URL of a copy of a migrated database, in place of what another test has left."""
    for left in folder.iterdir():
        left.unlink()
    return f"sqlite:///{shutil.copy(migrated, folder)}"


def empty_database(url: str) -> None:
    """Delete every row but those of migrations, which is faster than a new database."""
    with psycopg.connect(url, autocommit=True) as connection:
        _empty(connection)


def empty_migrated_database(url: str) -> None:
    """Empty a `migrated_database` on a connection that is kept."""
    pooled = _kept(url).raw_connection()
    try:
        _empty(cast("psycopg.Connection", pooled.driver_connection))
    finally:
        pooled.close()


def _empty(connection: psycopg.Connection) -> None:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    tables = [sql.Identifier(name) for (name,) in found if name not in {"alembic_version", "migration_lock"}]
    # DELETE: TRUNCATE creates new files for each table and index, seven times the work for few rows.
    connection.execute(sql.SQL(";").join(sql.SQL("DELETE FROM {}").format(table) for table in tables))
