"""Begins sessions of PostgreSQL, which mean the same whatever server, database, role, environment and pooler set.

The settings are sent once for each connection, so that no statement costs more.
"""

from collections.abc import Mapping
from typing import Any

import psycopg

from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount_sql.postgres_url import PostgresUrl

UNBOUNDED: Mapping[str, int] = {
    "statement_timeout": 90_600,
    "idle_in_transaction_session_timeout": 90_600,
    "idle_session_timeout": 140_000,
    "transaction_timeout": 170_000,
}
"""The timeouts that `unbounded` switches off, with the version of PostgreSQL that brought each."""


def begin_session(connection: psycopg.Connection[Any], url: PostgresUrl, *, unbounded: bool = False) -> None:
    """Set up a new connection, which is closed on failure.

    `unbounded` lets statements, transactions and pauses take as long as they need. Raises psycopg.Error, and
    StoreRefused if the database cannot hold every text.
    """
    version = connection.info.server_version if unbounded else 0
    settings = {**url.settings, **{name: "0" for name, since in UNBOUNDED.items() if since <= version}}
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
