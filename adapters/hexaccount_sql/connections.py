"""Opens engines, and what every statement needs whichever database it goes to."""

import math
import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.store_kit.file_urls import path_in
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.pool import instrumented_pool, observe_pool
from hexaccount_sql.postgres_url import read_url

_POOL_SIZE = 16
_POOL_TIMEOUT = 5
SQLITE_LOCK_TIMEOUT = 10
_BUSY_PAUSE = 0.01
SQLITE_SETTINGS = {"journal_mode": "WAL", "synchronous": "FULL"}
"""Readers do not block on a writer, and a commit has reached the disk."""


def open_engine(url: str, *, unbounded: bool = False, metrics: Metrics = NO_METRICS) -> sa.Engine:
    """Return an engine that connects at first use; raises ValueError for a URL that cannot be used.

    Its connections autocommit; a transaction of several statements begins and ends in plain SQL. On PostgreSQL a
    statement fails while the server hangs, or after some seconds, unless it is `unbounded`, as a migration is.
    """
    options: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "poolclass": instrumented_pool(metrics, size=_POOL_SIZE),
        "pool_size": _POOL_SIZE,
        "pool_use_lifo": True,  # the connection that was used last, as the others' server processes have cold caches
        "max_overflow": 0,
        "pool_timeout": _POOL_TIMEOUT,
        "hide_parameters": True,  # keeps password hashes out of errors
        "json_deserializer": msgspec.json.decode,  # a third of the time of the standard library's
    }
    engine = _open_sqlite(url, options) if url.startswith("sqlite:") else _open_postgresql(url, options, unbounded)
    observe_pool(engine, metrics, size=_POOL_SIZE)
    return engine


def _open_sqlite(url: str, options: Mapping[str, Any]) -> sa.Engine:
    database = sa.URL.create("sqlite", database=str(path_in(url)))
    engine = sa.create_engine(database, connect_args={"timeout": SQLITE_LOCK_TIMEOUT}, paramstyle="named", **options)
    sa.event.listen(engine, "connect", _configure_sqlite)
    return engine


def _open_postgresql(url: str, options: Mapping[str, Any], unbounded: bool) -> sa.Engine:
    from hexaccount_sql.deadline_connection import use_deadlines  # noqa: PLC0415 - imports the driver
    from hexaccount_sql.postgres_session import begin_session  # noqa: PLC0415 - imports the driver

    read = read_url(url)
    arguments: dict[str, Any] = {**read.parameters, "autocommit": True}
    if read.pooled:
        # The next transaction may run on another server connection, which does not have its prepared statements.
        arguments["prepare_threshold"] = None
    # Its own URL is shown in traces, and so has no more than the name of the database.
    named = sa.URL.create("postgresql+psycopg", database=str(read.parameters.get("dbname") or "") or None)
    engine = sa.create_engine(named, connect_args=arguments, execution_options={"postgres_url": read}, **options)
    setattr(engine.dialect, "_get_server_version_info", _server_version)  # noqa: B010 - there is no public place for it
    if not read.pooled:
        sa.event.listen(engine, "connect", _PreparesIfPossible())
    # Before what SQLAlchemy asks of its first connection.
    sa.event.listen(
        engine, "connect", lambda driver, _record: begin_session(driver, read, unbounded=unbounded), insert=True
    )
    if not unbounded:
        use_deadlines(engine, arguments)
    sa.event.listen(engine, "checkout", _reject_closed)
    return engine


@contextmanager
def transaction(connection: sa.Connection | PlainConnection) -> Iterator[None]:
    """Run the block in a transaction; on SQLite it holds the write lock from its begin."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.rollback()  # unlike ROLLBACK in plain SQL, no error if SQLite has already rolled back
        raise


@contextmanager
def without_timeouts(connection: PlainConnection) -> Iterator[None]:
    """Let the statements of the block run for as long as they need, for an operator who can interrupt them."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver = connection.driver
    usual, driver.deadline = driver.deadline, math.inf
    try:
        # SET LOCAL ends with the transaction, as a pooler may lend the session to other clients.
        with transaction(connection):
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield
    finally:
        driver.deadline = usual


def _server_version(connection: sa.Connection) -> tuple[int, int]:
    """Return the version of PostgreSQL that a server reports as its own when a client connects.

    SQLAlchemy reads it from `version()`, where other engines describe themselves.
    """
    driver: Any = connection.connection.driver_connection
    major, minor = divmod(driver.info.server_version, 10_000)
    return major, minor


class _PreparesIfPossible:
    """Lets connections prepare no statements if the server refuses that to the first of them."""

    def __init__(self) -> None:
        self._possible: bool | None = None

    def __call__(self, connection: Any, _record: object) -> None:
        if self._possible is None:
            self._possible = _prepares(connection)
        if not self._possible:
            connection.prepare_threshold = None


def _prepares(connection: Any) -> bool:
    try:
        connection.execute("SELECT 1", prepare=True)
    except (connection.ProgrammingError, connection.NotSupportedError):
        return False
    return True


def _reject_closed(connection: Any, _record: object, _proxy: object) -> None:
    # A server that closes a connection sends that on it. Checking takes a microsecond, and keeps the first request
    # after a restart of the server from failing on an old connection.
    if connection.closed:
        raise exc.DisconnectionError
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise exc.DisconnectionError


def _configure_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for name, value in SQLITE_SETTINGS.items():
        _execute_when_free(cursor, f"PRAGMA {name}={value}")
    cursor.close()


def _execute_when_free(cursor: Any, statement: str) -> None:
    # Of connections that turn a new file to WAL at the same time, SQLite lets some fail without waiting.
    deadline = monotonic() + SQLITE_LOCK_TIMEOUT
    while True:
        try:
            cursor.execute(statement)
        except cursor.connection.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or monotonic() > deadline:
                raise
            sleep(_BUSY_PAUSE)
        else:
            return
