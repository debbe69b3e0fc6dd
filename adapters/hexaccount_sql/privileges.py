"""Checks, before the first request, that the database lets us read and write, and understands us."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import sqlalchemy as sa

from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount_sql.errors import no_right, no_schema, read_only, unwritable
from hexaccount_sql.postgres_url import FIXED, PostgresUrl

_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
_CHECK = sa.text(
    "SELECT current_setting('transaction_read_only') = 'on' AS read_only, ARRAY("
    "SELECT ARRAY[name, privilege] FROM unnest(CAST(:names AS text[]), CAST(:privileges AS text[]))"
    " AS required (name, privilege)"
    " WHERE NOT has_table_privilege(to_regclass(name), privilege)) AS missing"
)
_RELIED_ON = ("default_transaction_isolation", "DateStyle")
_SESSION = sa.text(
    f"SELECT {', '.join(f'current_setting({name!r})' for name in _RELIED_ON)}, current_schema(), "
    "current_setting('search_path'), current_user"
)


def check_session(connection: sa.Connection) -> None:
    """Return if PostgreSQL's session has what statements rely on; raises StoreRefused."""
    if connection.dialect.name == "sqlite":
        return
    url: PostgresUrl = connection.get_execution_options()["postgres_url"]
    *found, schema, path, role = connection.execute(_SESSION).one()
    differing = {name: FIXED[name] for name, value in zip(_RELIED_ON, found, strict=True) if value != FIXED[name]}
    if schema is None:
        raise no_schema(path, of_role=role if url.pooled else None)
    if url.schema not in {None, schema}:
        differing["search_path"] = str(url.schema)
    for name, value in differing.items():
        raise StoreRefused(
            f"a pooler lends connections whose {name} is not {value}",
            f"run ALTER ROLE {role} SET {name} = '{value}', and have the pooler connect anew; if it lends a connection "
            "for each transaction, add pooler=transaction to the URL",
        )


def check_privileges(connection: sa.Connection, tables: Collection[str]) -> None:
    """Return if these tables can be read and written; raises StoreRefused."""
    if connection.dialect.name == "sqlite":
        _check_file(Path(connection.engine.url.database or ""))
        return
    required = [(name, each) for name in tables for each in _PRIVILEGES]
    names, privileges = zip(*required, strict=True)
    found = connection.execute(_CHECK, {"names": list(names), "privileges": list(privileges)}).one()
    if found.read_only:
        raise read_only()
    if found.missing:
        raise no_right(f"it lacks {_describe(found.missing)}")


def _describe(missing: Sequence[tuple[str, str]]) -> str:
    """Return which privileges are missing, tables that lack the same ones together."""
    tables: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(name for name, _ in missing):
        tables.setdefault(tuple(privilege for of, privilege in missing if of == name), []).append(name)
    return "; ".join(f"{', '.join(privileges)} on {', '.join(names)}" for privileges, names in tables.items())


def _check_file(file: Path) -> None:
    # SQLite also creates its journal files, in the same folder.
    for path in (file.parent, file):
        if not os.access(path, os.R_OK | os.W_OK):
            raise unwritable(str(path))
