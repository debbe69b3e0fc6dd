"""Opening connections, and what is done on them whichever the database is."""

import math
import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount_sql.pool import tell_of_pool, told_pool

_POOL_SIZE = 8
_POOL_WAIT = 5
SQLITE_LOCK_WAIT = 10
# A server whose machine or network has gone is given up after about this many seconds, instead of after hours.
_POSTGRESQL: Mapping[str, str | int] = {
    "application_name": "hexaccount",
    # It ends what takes long by itself, a little before we give it up.
    "options": "-c timezone=UTC -c statement_timeout=7s",
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
_POOLER = "pooler"


def open_engine(url: str, *, patient: bool = True, metrics: Metrics = NO_METRICS) -> sa.Engine:
    """Return an engine that connects at first use, of whose pool `metrics` is told.

    Its connections commit each statement by itself; a commit of several statements begins and ends in plain SQL.
    PostgreSQL has to answer each within seconds, unless we have all the time in the world and are not `patient`.
    """
    size = 2 * _POOL_SIZE  # those that are kept open, and as many more while they are needed
    engine = _open(url, patient=patient, poolclass=told_pool(metrics, size=size))
    tell_of_pool(engine, metrics, size=size)
    return engine


def _open(url: str, *, patient: bool, poolclass: type[sa.Pool]) -> sa.Engine:
    parsed, pooled = without_pooler(sa.make_url(url))
    options: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "poolclass": poolclass,
        "pool_size": _POOL_SIZE,
        "max_overflow": _POOL_SIZE,
        "pool_timeout": _POOL_WAIT,
        "hide_parameters": True,  # an error's text would show them, password hashes among them
        "json_deserializer": msgspec.json.decode,  # a third of the time of the standard library's
    }
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed, connect_args={"timeout": SQLITE_LOCK_WAIT}, **options)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return engine
    from hexaccount_sql.lean_cursor import LeanCursor  # noqa: PLC0415 - with it comes the driver
    from hexaccount_sql.patient_connection import keep_patience  # noqa: PLC0415 - with it comes the driver

    arguments: dict[str, Any] = {**postgresql_defaults(parsed), "cursor_factory": LeanCursor}
    if pooled:
        # What is prepared on one connection is not on the next, and a setting of the session would be a stranger's.
        # Nothing depends on the time zone: it spares the server some work.
        arguments["prepare_threshold"] = None
        arguments.pop("options", None)
    engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg"), connect_args=arguments, **options)
    if patient:
        keep_patience(engine, arguments)
    sa.event.listen(engine, "checkout", _refuse_ended)
    return engine


def without_pooler(url: sa.URL) -> tuple[sa.URL, bool]:
    """Return a URL as the driver knows it, and whether a pooler lends us a connection for each transaction."""
    return url.difference_update_query([_POOLER]), "transaction" in url.query.get(_POOLER, ())


def is_pooled(connection: sa.Connection) -> bool:
    """Tell whether a pooler lends us the session of a PostgreSQL for each transaction."""
    driver: Any = connection.connection.driver_connection
    return driver.prepare_threshold is None


def postgresql_defaults(url: sa.URL) -> dict[str, str | int]:
    """Return how to connect to PostgreSQL, as far as the URL leaves it open."""
    return {name: value for name, value in _POSTGRESQL.items() if name not in url.query}


@contextmanager
def transaction(connection: sa.Connection) -> Iterator[None]:
    """Make the block's statements one commit, or none where it raises; on SQLite nobody else writes meanwhile."""
    # SQLite's takes the write lock at once: what was looked at stays as it is.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.rollback()  # unlike ROLLBACK in plain SQL, no error where SQLite has rolled back by itself
        raise


@contextmanager
def unhurried(connection: sa.Connection) -> Iterator[None]:
    """Let the block's statements take as long as they need: whoever asked for them waits, and may interrupt it."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
    usual, driver.patience = driver.patience, math.inf
    try:
        # For the time of a transaction, as the session may be lent to others by a pooler.
        with transaction(connection):
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield
    finally:
        driver.patience = usual


def _refuse_ended(connection: Any, _record: object, _proxy: object) -> None:
    # A server that ends a connection says so on it. To look costs a microsecond, and the request after a restart of
    # the server does not fail on a connection that was open before.
    if connection.closed:
        raise exc.DisconnectionError
    arrived = select.poll()
    arrived.register(connection.fileno(), select.POLLIN)
    if arrived.poll(0):
        raise exc.DisconnectionError


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # Readers go on while one writes, and what is committed has reached the disk.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
