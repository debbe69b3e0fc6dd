import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hexaccount_sql import schema
from hexaccount_sql.idempotency_records import completing
from hexaccount_sql.writes import Rows, Writer, Writes, changing

COMMITS_CHANNEL = "hexaccount_commits"
_HASHES: tuple[sa.ColumnClause[str], ...] = (sa.column("old", sa.Text), sa.column("new", sa.Text))


class PostgresWriter(Writer):
    """Writes a commit as one statement, which is a transaction by itself and costs one round trip.

    The rows of a table travel as one JSON document, so the statement depends only on the set of tables, and is prepared
    once for each set. The journal's primary key is the compare-and-set: of two writers that read the same version of an
    aggregate, both insert the same sequence, and the second statement fails as a whole.
    """

    insert = staticmethod(postgresql.insert)

    def __init__(self) -> None:
        self.token = uuid4().hex

    def write(self, connection: sa.Connection, writes: Writes) -> bool:
        hashes = {row["id"]: row for row in writes.hashes}
        # A statement can update a row only once, so an updated user's row carries its new hash.
        for row in writes.updates.get(schema.users, []):
            row.update(hashes.pop(row["id"], {}))
        kinds = (bool(hashes), bool(writes.spent), bool(writes.answered))
        statement = _statement(tuple(writes.inserts), tuple(writes.updates), *kinds)
        parameters = {f"insert_{table.name}": _document(rows) for table, rows in writes.inserts.items()}
        parameters |= {f"update_{table.name}": _document(rows) for table, rows in writes.updates.items()}
        if writes.spent:
            parameters["spend_tokens"] = _document(writes.spent)
        if hashes:
            parameters["replace_hashes"] = _document(list(hashes.values()))
        if writes.answered:
            parameters["complete"] = _document(writes.answered)
        if schema.journal in writes.inserts:
            parameters["token"] = self.token
        return connection.execute(statement, parameters).first() is not None


@lru_cache(maxsize=64)
def _statement(
    inserts: tuple[sa.Table, ...], updates: tuple[sa.Table, ...], new_hashes: bool, spent: bool, answered: bool
) -> sa.Select[Any]:
    """Return the statement that writes these tables; it returns a row if a delivery was enqueued."""
    parts = [_update(table) for table in updates]
    parts += [_insert(table).cte(f"insert_{table.name}") for table in inserts if table is not schema.journal]
    if spent:
        parts.append(_spend_tokens())
    if new_hashes:
        parts.append(_replace_hashes())
    if answered:
        parts.append(_complete())
    if schema.journal not in inserts:
        return sa.select(sa.literal(1)).where(sa.false()).add_cte(*parts)
    entries = _insert(schema.journal).returning(schema.journal).cte("insert_journal")
    deliveries = _enqueue(entries)
    first = sa.select(deliveries.c.event_id).limit(1).subquery()
    notify = sa.select(sa.func.pg_notify(COMMITS_CHANNEL, sa.bindparam("token", type_=sa.Text))).select_from(first)
    return notify.add_cte(*parts, entries, deliveries)


def _insert(table: sa.Table) -> Any:
    rows = _rows(f"insert_{table.name}", table.columns)
    return sa.insert(table).from_select(list(rows.c.keys()), sa.select(*rows.c))


def _update(table: sa.Table) -> sa.CTE:
    rows = _rows(f"update_{table.name}", [*table.columns, sa.column("stored_version", sa.Integer), *_HASHES])
    changed: dict[str, sa.ColumnElement[Any]] = {name: rows.c[name] for name in changing(table)}
    if table is schema.users:
        stored = table.c.password_hash
        changed["password_hash"] = sa.case((_is_to_replace(stored, rows), rows.c.new), else_=stored)
    same = (table.c.id == rows.c.id) & (table.c.version == rows.c.stored_version)
    return sa.update(table).where(same).values(changed).cte(f"update_{table.name}")


def _replace_hashes() -> sa.CTE:
    users = schema.users
    rows = _rows("replace_hashes", [users.c.id, *_HASHES])
    same = (users.c.id == rows.c.id) & _is_to_replace(users.c.password_hash, rows)
    return sa.update(users).where(same).values(password_hash=rows.c.new).cte("replace_hashes")


def _is_to_replace(stored: sa.ColumnElement[str], rows: sa.TableValuedAlias) -> sa.ColumnElement[bool]:
    return rows.c.new.is_not(None) & (rows.c.old.is_(None) | (stored == rows.c.old))


def _spend_tokens() -> sa.CTE:
    tokens = schema.refresh_tokens
    rows = _rows("spend_tokens", tokens.columns)
    spent = sa.update(tokens).where(tokens.c.digest == rows.c.digest)
    return spent.values(spent_at=rows.c.spent_at, salt=rows.c.salt).cte("spend_tokens")


def _complete() -> sa.CTE:
    keys = schema.idempotency_records
    rows = _rows("complete", keys.columns)
    insert = completing(postgresql.insert(keys).from_select(list(rows.c.keys()), sa.select(*rows.c)))
    complete: sa.CTE = insert.cte("complete_requests")
    return complete


def _enqueue(entries: sa.CTE) -> sa.CTE:
    subscriptions = schema.subscriptions
    columns = (entries.c.id, entries.c.aggregate, entries.c.aggregate_id, entries.c.sequence)
    wanted = subscriptions.c.event_type.in_((entries.c.type, "*"))
    rows = sa.select(subscriptions.c.subscriber, *columns).join(entries, wanted).distinct()
    insert = sa.insert(schema.deliveries).from_select(
        ["subscriber", "event_id", "aggregate", "aggregate_id", "sequence"], rows
    )
    return insert.returning(schema.deliveries.c.event_id).cte("insert_deliveries")


def _rows(parameter: str, columns: Iterable[sa.ColumnClause[Any]]) -> sa.TableValuedAlias:
    """Return the rows of a JSON document with the types of these columns."""
    document = sa.cast(sa.bindparam(parameter, type_=sa.Text), postgresql.JSON)
    fields = [sa.column(column.name, column.type) for column in columns]
    rows = sa.func.json_to_recordset(document).table_valued(*fields, name=f"{parameter}_rows")
    return rows.render_derived(with_types=True)


def _document(rows: Rows) -> str:
    # str() of a UUID or a datetime is a form that PostgreSQL reads.
    return json.dumps(rows, default=str, separators=(",", ":"))
