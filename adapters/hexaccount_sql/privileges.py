"""Checks, before the first request, that the database lets us read and write."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

import sqlalchemy as sa

from hexaccount_sql.errors import no_right, read_only, unwritable

_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
_CHECK = sa.text(
    "SELECT current_setting('transaction_read_only') = 'on' AS read_only, ARRAY("
    "SELECT ARRAY[name, privilege] FROM unnest(CAST(:names AS text[]), CAST(:privileges AS text[]))"
    " AS required (name, privilege)"
    " WHERE NOT has_table_privilege(to_regclass(name), privilege)) AS missing"
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
    # A write would wait for the lock. SQLite also creates its journal files, in the same folder.
    for path in (file.parent, file):
        if not os.access(path, os.R_OK | os.W_OK):
            raise unwritable(str(path))
