"""Opens engines, and what every statement needs whichever database it goes to."""

import math
import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount_sql.pool import instrumented_pool, observe_pool

_POOL_SIZE = 8
_POOL_TIMEOUT = 5
SQLITE_LOCK_TIMEOUT = 10
# A connection to a vanished machine or network fails after about this many seconds, instead of hours.
_POSTGRESQL: Mapping[str, str | int] = {
    "application_name": "hexaccount",
    # The server ends a slow statement one second before a DeadlineConnection does.
    "options": "-c timezone=UTC -c statement_timeout=7s",
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
_POOLER = "pooler"


def open_engine(url: str, *, deadlines: bool = True, metrics: Metrics = NO_METRICS) -> sa.Engine:
    """Return an engine that connects at first use.

    Its connections autocommit; a transaction of several statements begins and ends in plain SQL. `deadlines` lets
    statements fail while PostgreSQL hangs.
    """
    size = 2 * _POOL_SIZE  # the permanent connections and the overflow
    engine = _open(url, deadlines=deadlines, poolclass=instrumented_pool(metrics, size=size))
    observe_pool(engine, metrics, size=size)
    return engine


def _open(url: str, *, deadlines: bool, poolclass: type[sa.Pool]) -> sa.Engine:
    parsed, pooled = without_pooler(sa.make_url(url))
    options: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "poolclass": poolclass,
        "pool_size": _POOL_SIZE,
        "max_overflow": _POOL_SIZE,
        "pool_timeout": _POOL_TIMEOUT,
        "hide_parameters": True,  # keeps password hashes out of errors
        "json_deserializer": msgspec.json.decode,  # a third of the time of the standard library's
    }
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed, connect_args={"timeout": SQLITE_LOCK_TIMEOUT}, **options)
        sa.event.listen(engine, "connect", _configure_sqlite)
        return engine
    from hexaccount_sql.deadline_connection import use_deadlines  # noqa: PLC0415 - imports the driver
    from hexaccount_sql.plain_description_cursor import PlainDescriptionCursor  # noqa: PLC0415 - imports the driver

    arguments: dict[str, Any] = {**postgresql_defaults(parsed), "cursor_factory": PlainDescriptionCursor}
    if pooled:
        # The next transaction may run on another server connection: prepared statements and settings do not follow.
        # The adapter does not depend on the time zone; setting it saves the server some work.
        arguments["prepare_threshold"] = None
        arguments.pop("options", None)
    engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg"), connect_args=arguments, **options)
    setattr(engine.dialect, "_get_server_version_info", _server_version)  # noqa: B010 - there is no public place for it
    if not pooled:
        sa.event.listen(engine, "connect", _PreparesIfPossible())
    if deadlines:
        use_deadlines(engine, arguments)
    sa.event.listen(engine, "checkout", _reject_closed)
    return engine


def without_pooler(url: sa.URL) -> tuple[sa.URL, bool]:
    """Return the URL without our parameter `pooler`, and whether a pooler lends a connection for each transaction."""
    return url.difference_update_query([_POOLER]), "transaction" in url.query.get(_POOLER, ())


def postgresql_defaults(url: sa.URL) -> dict[str, str | int]:
    """Return the connection parameters that the URL leaves open."""
    return {name: value for name, value in _POSTGRESQL.items() if name not in url.query}


@contextmanager
def transaction(connection: sa.Connection) -> Iterator[None]:
    """Run the block in a transaction; on SQLite it holds the write lock from its begin."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        connection.rollback()  # unlike ROLLBACK in plain SQL, no error if SQLite has already rolled back
        raise


@contextmanager
def without_timeouts(connection: sa.Connection) -> Iterator[None]:
    """Let the statements of the block run for as long as they need, for an operator who can interrupt them."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.driver_connection
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
    # Readers do not block on a writer, and a commit has reached the disk.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
