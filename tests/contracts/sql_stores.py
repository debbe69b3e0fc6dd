from pathlib import Path

import psycopg
from psycopg import sql

from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_sql import SqlStore

_IN_MEMORY = Path("/dev/shm")


def open_sql_store(url: str, recorder: EventRecorder) -> Store:
    """Return a handle; of a module, so that other processes can be told to call it."""
    return SqlStore(url, recorder=recorder)


def quick_directory(otherwise: Path) -> Path:
    """Return where files wait for no disk: what a crash would leave is not asked here."""
    return _IN_MEMORY if _IN_MEMORY.is_dir() else otherwise


def empty_database(url: str) -> None:
    """Remove every row but the notes of the schema's version, much faster than a fresh database is made."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        tables = [sql.Identifier(name) for (name,) in found if name not in {"alembic_version", "schema_revision"}]
        # TRUNCATE would make new files for each table and index: seven times as much work, where there are few rows.
        connection.execute(sql.SQL(";").join(sql.SQL("DELETE FROM {}").format(table) for table in tables))
