import shutil
from functools import lru_cache
from pathlib import Path
from time import monotonic, sleep
from typing import cast

import psycopg
import sqlalchemy as sa
from psycopg import sql

from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_shared_memory import SharedMemoryRateLimitStore
from hexaccount_sql import SqlStore
from hexaccount_sql.connections import open_engine

_IN_MEMORY = Path("/dev/shm")


class _SqlStore(SqlStore):
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


def open_sql_store(url: str, recorder: EventRecorder, records: RecordSchema) -> Store:
    """Open a store; a module-level function, so that other processes can call it."""
    scheme, _, path = url.partition(":///")
    limits = SharedMemoryRateLimitStore(Path(f"{path}-limits")) if scheme == "sqlite" else None
    return _SqlStore(url, recorder=recorder, records=records, rate_limits=limits)


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
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        tables = [sql.Identifier(name) for (name,) in found if name not in {"alembic_version", "migration_lock"}]
        # DELETE: TRUNCATE creates new files for each table and index, seven times the work for few rows.
        connection.execute(sql.SQL(";").join(sql.SQL("DELETE FROM {}").format(table) for table in tables))
