"""Begins sessions of PostgreSQL, which mean the same whatever server, database, role, environment and pooler set.

The settings are sent once for each connection, so that no statement costs more.
"""

from typing import Any

import psycopg

from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount_sql.postgres_url import PostgresUrl

_UNBOUNDED = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
_SINCE_17 = {"transaction_timeout": "0"}


def begin_session(connection: psycopg.Connection[Any], url: PostgresUrl, *, unbounded: bool = False) -> None:
    """Set up a new connection, which is closed on failure.

    `unbounded` lets statements and transactions take as long as they need. Raises psycopg.Error, and StoreRefused if
    the database cannot hold every text.
    """
    settings = dict(url.settings)
    if unbounded:
        settings |= _UNBOUNDED if connection.info.server_version < 170_000 else _UNBOUNDED | _SINCE_17
    try:
        _check_encoding(connection.info.parameter_status("server_encoding"))
        # In one round trip; each value is a constant of this package.
        connection.execute("; ".join(f"SET {name} = '{value}'" for name, value in settings.items()).encode())
    except BaseException:
        connection.close()
        raise


def _check_encoding(encoding: str | None) -> None:
    if encoding not in {"UTF8", None}:
        raise StoreRefused(
            f"the database has the encoding {encoding}, which cannot hold every name",
            "make one by CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8', restore a dump of the "
            "old one into it, and name it in the setting store (HEXACCOUNT_STORE)",
        )
