"""Whether a database lets us do our work, told before the first request finds that it does not."""

import os
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from hexaccount_sql import schema
from hexaccount_sql.errors import no_right, read_only, unwritable

_DEEDS = ("SELECT", "INSERT", "UPDATE", "DELETE")
# Nothing that has happened is ever changed, so that whoever is careful may let nobody do so.
_NEEDED = {table.name: _DEEDS[:2] if table is schema.journal else _DEEDS for table in schema.metadata.sorted_tables}
_LOOK = sa.text(
    "SELECT current_setting('transaction_read_only') = 'on' AS read_only, ARRAY("
    "SELECT ARRAY[name, deed] FROM unnest(CAST(:names AS text[]), CAST(:deeds AS text[])) AS needed (name, deed)"
    " WHERE NOT has_table_privilege(to_regclass(name), deed)) AS missing"
)
_ASKED = {
    "names": [name for name, deeds in _NEEDED.items() for _ in deeds],
    "deeds": [deed for deeds in _NEEDED.values() for deed in deeds],
}


def check_use(connection: sa.Connection) -> None:
    """Return if we may read and write all tables; raises StoreRefused."""
    if connection.dialect.name == "sqlite":
        _check_file(Path(connection.engine.url.database or ""))
        return
    found = connection.execute(_LOOK, _ASKED).one()
    if found.read_only:
        raise read_only()
    if found.missing:
        raise no_right(f"it lacks {_told(found.missing)}")


def _told(missing: Sequence[tuple[str, str]]) -> str:
    """Return which rights are missing on which tables, those that lack the same together."""
    tables: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(name for name, _ in missing):
        tables.setdefault(tuple(deed for of, deed in missing if of == name), []).append(name)
    return "; ".join(f"{', '.join(deeds)} on {', '.join(names)}" for deeds, names in tables.items())


def _check_file(file: Path) -> None:
    # Not by writing, for which we might have to wait. The folder takes what SQLite keeps beside its file.
    for path in (file.parent, file):
        if not os.access(path, os.R_OK | os.W_OK):
            raise unwritable(str(path))
