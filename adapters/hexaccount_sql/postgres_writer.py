from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from hexaccount_sql import schema
from hexaccount_sql.writes import Rows, Writer, Writes

COMMITS_CHANNEL = "hexaccount_commits"


class PostgresWriter(Writer):
    """Writes a commit as one statement, which is a transaction by itself and costs one round trip.

    Rows travel as one array for each column, so that the statement depends only on the tables that are written.
    The journal's key is the compare-and-set: whoever changes an aggregate writes the entry after the version they
    have read, and of two who read the same version the second one's whole statement fails on it.
    """

    def __init__(self) -> None:
        self.token = uuid4().hex

    def write(self, connection: sa.Connection, writes: Writes) -> bool:
        statement = _statement(tuple(writes.inserts), tuple(writes.updates), bool(writes.hashes))
        parameters: dict[str, Any] = {"token": self.token} if schema.journal in writes.inserts else {}
        for table, rows in writes.inserts.items():
            parameters |= _arrays(f"insert_{table.name}", (column.name for column in table.columns), rows)
        for table, rows in writes.updates.items():
            parameters |= _arrays(f"update_{table.name}", _columns_of_update(table), rows)
        parameters |= _arrays("hash", ("id", "old", "new"), writes.hashes) if writes.hashes else {}
        return connection.execute(statement, parameters).first() is not None


@lru_cache(maxsize=64)
def _statement(inserts: tuple[sa.Table, ...], updates: tuple[sa.Table, ...], new_hashes: bool) -> sa.Select[Any]:
    parts = [_update(table) for table in updates]
    parts += [_insert(table).cte(f"insert_{table.name}") for table in inserts if table is not schema.journal]
    if new_hashes:
        parts.append(_replace_hashes())
    if schema.journal not in inserts:
        return sa.select(sa.literal(1)).where(sa.false()).add_cte(*parts)
    entries = _insert(schema.journal).returning(schema.journal).cte("insert_journal")
    owed = _owe(entries)
    one_owed = sa.select(owed.c.event_id).limit(1).subquery()
    told = sa.select(sa.func.pg_notify(COMMITS_CHANNEL, sa.bindparam("token", type_=sa.Text))).select_from(one_owed)
    return told.add_cte(*parts, entries, owed)


def _insert(table: sa.Table) -> Any:
    names = [column.name for column in table.columns]
    rows = _rows(f"insert_{table.name}", [(name, table.c[name].type) for name in names])
    return sa.insert(table).from_select(names, sa.select(*(rows.c[name] for name in names)))


def _update(table: sa.Table) -> sa.CTE:
    columns = [
        (name, sa.Integer() if name == "stored_version" else table.c[name].type) for name in _columns_of_update(table)
    ]
    rows = _rows(f"update_{table.name}", columns)
    changed = {name: rows.c[name] for name, _ in columns if name not in {"id", "stored_version"}}
    same = (table.c.id == rows.c.id) & (table.c.version == rows.c.stored_version)
    return sa.update(table).where(same).values(changed).cte(f"update_{table.name}")


def _replace_hashes() -> sa.CTE:
    users = schema.users
    rows = _rows("hash", [("id", sa.Uuid()), ("old", sa.Text()), ("new", sa.Text())])
    same = (users.c.id == rows.c.id) & (users.c.password_hash == rows.c.old)
    return sa.update(users).where(same).values(password_hash=rows.c.new).cte("replace_hashes")


def _owe(entries: sa.CTE) -> sa.CTE:
    subscriptions = schema.subscriptions
    owed = (
        sa.select(
            subscriptions.c.subscriber,
            entries.c.id,
            entries.c.aggregate,
            entries.c.aggregate_id,
            entries.c.sequence,
        )
        .join(entries, subscriptions.c.event_type.in_((entries.c.type, "*")))
        .distinct()
    )
    columns = ("subscriber", "event_id", "aggregate", "aggregate_id", "sequence")
    insert = sa.insert(schema.deliveries).from_select(columns, owed)
    return insert.returning(schema.deliveries.c.event_id).cte("insert_deliveries")


def _rows(prefix: str, columns: Iterable[tuple[str, sa.types.TypeEngine[Any]]]) -> Any:
    """Return rows made of one array parameter for each column."""
    named = list(columns)
    arrays = [sa.bindparam(f"{prefix}_{name}", type_=ARRAY(kind)) for name, kind in named]
    return (
        sa.func.unnest(*arrays)
        .table_valued(*(sa.column(name, kind) for name, kind in named), name=f"{prefix}_rows")
        .render_derived()
    )


def _arrays(prefix: str, names: Iterable[str], rows: Rows) -> dict[str, list[Any]]:
    return {f"{prefix}_{name}": [row[name] for row in rows] for name in names}


def _columns_of_update(table: sa.Table) -> list[str]:
    return [*(column.name for column in table.columns), "stored_version"]
