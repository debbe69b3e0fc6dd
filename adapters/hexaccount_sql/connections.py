"""Opening connections, and saying in the application's words when they fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.application.ports.unit_of_work import StoreUnavailable

_POOL_SIZE = 8
_POOL_WAIT = 5
_CONNECT_TIMEOUT = 5
_SQLITE_LOCK_WAIT = 10


def open_engine(url: str) -> sa.Engine:
    """Return an engine that connects at first use.

    Its connections commit each statement by itself; a commit of several statements begins and ends in plain SQL.
    """
    parsed = sa.make_url(url)
    options: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "pool_size": _POOL_SIZE,
        "max_overflow": _POOL_SIZE,
        "pool_timeout": _POOL_WAIT,
    }
    if parsed.get_backend_name() == "sqlite":
        engine = sa.create_engine(parsed, connect_args={"timeout": _SQLITE_LOCK_WAIT}, **options)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        return engine
    arguments = {"connect_timeout": _CONNECT_TIMEOUT, "options": "-c timezone=UTC", "application_name": "hexaccount"}
    return sa.create_engine(
        parsed.set(drivername="postgresql+psycopg"), connect_args={**arguments, **parsed.query}, **options
    )


@contextmanager
def store_errors() -> Iterator[None]:
    """Raise StoreUnavailable in the place of what a driver raises when its database is away."""
    try:
        yield
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        raise StoreUnavailable from error
    except exc.DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable from error
        raise


def _prepare_sqlite(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    # Readers go on while one writes, and what is committed has reached the disk.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
