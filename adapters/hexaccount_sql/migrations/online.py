"""Schema changes that block no reader or writer on PostgreSQL, however large the table.

They cannot run in a transaction: the module of a migration that uses them says `transactional = False`. Each may be
repeated.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op

_INVALID = sa.text("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")


def create_index(name: str, table: str, columns: Sequence[str], **options: Any) -> None:
    """Create an index while other clients write; replaces the invalid one of a failed attempt."""
    if _on_postgresql() and op.get_bind().execute(_INVALID, {"name": name}).first():
        drop_index(name, table)
    with _without_timeouts():
        op.create_index(name, table, columns, postgresql_concurrently=True, if_not_exists=True, **options)


def drop_index(name: str, table: str) -> None:
    """Drop an index while other clients use it."""
    with _without_timeouts():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)


@contextmanager
def _without_timeouts() -> Iterator[None]:
    # The change waits for older transactions and blocks none, so a timeout would only discard its progress.
    if _on_postgresql():
        for setting in ("lock_timeout", "statement_timeout"):
            op.get_bind().exec_driver_sql(f"SET {setting} = 0")
    yield


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
