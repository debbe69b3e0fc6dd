"""Migrates a database's schema, and checks whether this release can serve with it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.schema_version import check_version, is_older
from hexaccount.store_kit.store import SchemaTooOld
from hexaccount_sql import schema
from hexaccount_sql.connections import open_engine
from hexaccount_sql.errors import store_errors
from hexaccount_sql.lock_waits import LockWaits
from hexaccount_sql.postgres_url import read_url
from hexaccount_sql.privileges import check_privileges, check_session
from hexaccount_sql.record_migration import missing_statements
from hexaccount_sql.record_tables import table_names_of
from hexaccount_sql.schema_version import read_version, table_names

_NO_RECORDS = RecordSchema(())
_MAKE_LOCK = (
    "CREATE TABLE IF NOT EXISTS migration_lock (id INTEGER PRIMARY KEY)",
    "INSERT INTO migration_lock (id) VALUES (1) ON CONFLICT DO NOTHING",
)
# unique_violation, duplicate_object, duplicate_table: another process has made the same table at the same moment.
_MADE_MEANWHILE = {"23505", "42710", "42P07"}
_TAKE_LOCK = "SELECT id FROM migration_lock WHERE id = 1 FOR UPDATE SKIP LOCKED"
_LOCK_POLL = 0.1


def migrate(url: str, target: str = "head", records: RecordSchema = _NO_RECORDS) -> str:
    """Bring the schema up, or down, to a version, `head` or `base`, and return its number; concurrent calls queue.

    What `records` declare besides is added.

    Raises SchemaTooNew and StoreUnavailable.
    """
    if not url.startswith("sqlite:") and read_url(url).pooled:
        # The timeouts belong to a session, which a pooler lends to other clients.
        raise StoreUnavailable(
            "a migration needs a connection to the server itself; "
            "give `hexaccount migrate` a URL without pooler=transaction"
        )
    engine = open_engine(url, unbounded=True)
    if engine.dialect.name == "sqlite" and engine.url.database:
        _create_private(Path(engine.url.database))
    try:
        newest = schema.SUPPORTED_VERSIONS[-1]
        if target == "head" and _is_complete(engine, newest, records):
            return newest
        from hexaccount_sql.migration_runner import MigrationRunner  # noqa: PLC0415 - Alembic is slow to import

        waits = LockWaits()
        with store_errors(), _migration_lock(engine, waits), engine.connect() as connection, waits.watch(connection):
            runner = MigrationRunner(connection)
            runner.upgrade(target)
            version = read_version(connection)
            if target == "head" and version is not None and version.number == newest:
                for statement in missing_statements(connection, records):
                    runner.execute(statement)
            return version.number if version else "base"
    finally:
        engine.dispose()


def check_schema(engine: sa.Engine, records: RecordSchema) -> None:
    """Return if this code can serve with the schema; raises SchemaMismatch or StoreUnavailable."""
    with store_errors(), engine.connect() as connection:
        check_session(connection)
        check_version(read_version(connection), schema.SUPPORTED_VERSIONS)
        tables = table_names_of(records)
        if lacking := sorted(tables - table_names(connection)):
            raise SchemaTooOld(f"the database lacks {', '.join(lacking)}")
        check_privileges(connection, sorted(tables))


def is_behind(engine: sa.Engine, records: RecordSchema) -> bool:
    """Return whether the schema is older than the newest that this code knows, or lacks what `records` declare."""
    with store_errors(), engine.connect() as connection:
        version = read_version(connection)
        return is_older(version, schema.SUPPORTED_VERSIONS) or bool(missing_statements(connection, records))


def _is_complete(engine: sa.Engine, newest: str, records: RecordSchema) -> bool:
    with store_errors(), engine.connect() as connection:
        check_session(connection)
        version = read_version(connection)
        return version is not None and version.number == newest and not missing_statements(connection, records)


@contextmanager
def _migration_lock(engine: sa.Engine, waits: LockWaits) -> Iterator[None]:
    """Keep other migrations out; on SQLite the transaction of each migration does so.

    The lock is that of a row, as not every engine has advisory locks. It belongs to an otherwise empty transaction on a
    second connection: an online index waits for every open transaction that holds a snapshot, and this one holds none.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect() as guard:
        _make_lock(guard)
        # Polling: a session that waits for the lock in a statement would block an online index of the lock's owner.
        while not _try_lock(guard):
            guard.rollback()
            waits.report_migration(guard)
            time.sleep(_LOCK_POLL)
        try:
            yield
        finally:
            with suppress(exc.DBAPIError):  # the connection was lost, and the lock with it
                guard.rollback()


def _try_lock(guard: sa.Connection) -> bool:
    guard.exec_driver_sql("BEGIN")
    return guard.exec_driver_sql(_TAKE_LOCK).scalar() is not None


def _make_lock(guard: sa.Connection) -> None:
    for statement in _MAKE_LOCK:
        try:
            guard.exec_driver_sql(statement)
        except (exc.IntegrityError, exc.ProgrammingError) as error:
            if getattr(error.orig, "sqlstate", None) not in _MADE_MEANWHILE:
                raise


def _create_private(file: Path) -> None:
    """Create an empty database that only its owner can read; SQLite gives its other files the same mode."""
    with suppress(OSError):  # it exists, or opening it reports the reason
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
