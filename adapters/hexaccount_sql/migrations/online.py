"""Changes that hold nobody up on PostgreSQL, however much a table has; elsewhere they are what they are.

They cannot be part of a transaction: a migration of them says `in_one_transaction = False`. Each may be repeated.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic import op

from hexaccount_sql.connections import is_pooled

_INVALID = sa.text("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")


def create_index(name: str, table: str, columns: Sequence[str], **options: Any) -> None:
    """Make an index while others write; what an attempt before has left unfinished is made anew."""
    if _on_postgresql() and op.get_bind().execute(_INVALID, {"name": name}).first():
        drop_index(name, table)
    with _waiting_for_others():
        op.create_index(name, table, columns, postgresql_concurrently=True, if_not_exists=True, **options)


def drop_index(name: str, table: str) -> None:
    """Remove an index while others use it."""
    with _waiting_for_others():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)


@contextmanager
def _waiting_for_others() -> Iterator[None]:
    # It waits for the end of every transaction that began before, and nobody waits for it meanwhile: to give up in
    # between would cost what was built. The session is nobody else's, unless a pooler lends it.
    if not _on_postgresql() or is_pooled(op.get_bind()):
        yield
        return
    for setting in ("lock_timeout", "statement_timeout"):
        op.get_bind().exec_driver_sql(f"SET {setting} = 0")
    yield


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
