"""Bringing a database's schema to this version, and telling whether this version can serve with it."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit import schema_version as schema_mark
from hexaccount.store_kit.schema_version import SchemaVersion, check_version
from hexaccount_sql.connections import open_engine, without_pooler
from hexaccount_sql.errors import store_errors
from hexaccount_sql.schema import SUPPORTED_VERSIONS
from hexaccount_sql.schema_mark import read_mark
from hexaccount_sql.use import check_use

# An arbitrary number that everybody who migrates this schema takes as a lock: "hexa" in ASCII.
_LOCK = 0x68657861
_GLANCE = 0.1


def migrate(url: str, revision: str = "head") -> str:
    """Bring the schema up, or down, to a revision, step by step; of several who do so at once one works.

    A step is a transaction, unless its migration says that it must not be one. It takes no lock that it does not get
    within two seconds, as those who come for the same table wait behind it, and tries again later.
    """
    if without_pooler(sa.make_url(url))[1]:
        # Its lock and its limits are those of a connection, which a pooler would hand to strangers.
        raise StoreUnavailable(
            "a migration needs a connection to the server itself; "
            "give `hexaccount migrate` a URL without pooler=transaction"
        )
    engine = open_engine(url, patient=False)
    if engine.dialect.name == "sqlite" and engine.url.database:
        _make_private(Path(engine.url.database))
    try:
        if revision == "head" and _is_at_the_top(engine):
            return SUPPORTED_VERSIONS[-1]
        from hexaccount_sql.ladder import Ladder  # noqa: PLC0415 - it imports Alembic, which is heavy

        with store_errors(), _alone(engine), engine.connect() as connection:
            Ladder(connection).climb(revision)
            mark = read_mark(connection)
            return mark.version if mark else "base"
    finally:
        engine.dispose()


def check_schema(engine: sa.Engine) -> None:
    """Return if this code can serve with the schema; raises SchemaMismatch or StoreUnavailable."""
    with store_errors(), engine.connect() as connection:
        check_version(read_mark(connection), SUPPORTED_VERSIONS)
        check_use(connection)


def is_behind(engine: sa.Engine) -> bool:
    """Tell whether the schema is older than the newest that this code knows."""
    return schema_mark.is_behind(_mark_of(engine), SUPPORTED_VERSIONS)


def _is_at_the_top(engine: sa.Engine) -> bool:
    mark = _mark_of(engine)
    return mark is not None and mark.version == SUPPORTED_VERSIONS[-1]


def _mark_of(engine: sa.Engine) -> SchemaVersion | None:
    with store_errors(), engine.connect() as connection:
        return read_mark(connection)


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[None]:
    """Keep others who migrate from it at the same time; on SQLite each step does so by itself.

    The lock is that of a transaction in which nothing is done: an index that is made online does not wait for it.
    """
    if engine.dialect.name == "sqlite":
        yield
        return
    with engine.connect() as guard:
        # Not by waiting for the lock, as for whoever does that the index would wait, which has it.
        while not _locks(guard):
            guard.rollback()
            time.sleep(_GLANCE)
        try:
            yield
        finally:
            with suppress(exc.DBAPIError):  # it was lost, and the lock with it
                guard.rollback()


def _locks(guard: sa.Connection) -> bool:
    guard.exec_driver_sql("BEGIN")
    return bool(guard.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({_LOCK})").scalar())


def _make_private(file: Path) -> None:
    """Make an empty database that none but its owner reads; SQLite makes its other files like it."""
    with suppress(OSError):  # it is there, or opening it says what is wrong
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
