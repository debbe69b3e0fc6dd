import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql

from hexaccount.kernel.records import RecordType
from hexaccount.store_kit.transaction import Batch, Changes
from hexaccount_sql import schema
from hexaccount_sql.first_accepted import FirstAccepted
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.record_tables import key_of, table_of
from hexaccount_sql.step_writer import write_in_steps
from hexaccount_sql.writer import LostRace, Rows, Writer, entry_row, inbox_rows, row_of

_STORED = sa.column("stored_revision", sa.Integer)
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_DIVISION_BY_ZERO = "22012"


class PostgresWriter(Writer):
    """Writes a commit as one statement, which is a transaction by itself and costs one round trip.

    The rows of a table travel as one JSON document, so the statement depends only on the set of tables, and is prepared
    once for each set. A row is changed if its revision is still the one that was read; if fewer rows were changed than
    the commit has, the statement divides by zero, and fails as a whole.

    On a server that has no such statement, a commit is a transaction of several.
    """

    insert = staticmethod(postgresql.insert)

    def __init__(self) -> None:
        self._write = FirstAccepted(self.write_at_once, write_in_steps)

    def write(self, connection: PlainConnection, batch: Batch) -> bool:
        return self._write(connection, batch)

    def check(self, connection: PlainConnection) -> None:
        """Do nothing: no session keeps all others from writing."""

    def write_at_once(self, connection: PlainConnection, batch: Batch) -> bool:
        """Write a commit by one statement."""
        new, changed, removed = batch.by_type(new=True), batch.by_type(changed=True), batch.by_type(removed=True)
        kinds = (tuple(changes.record_type for changes in each) for each in (new, changed, removed))
        has_entries, has_handled = bool(batch.entries), bool(batch.handled)
        statement = _statement(*kinds, has_entries=has_entries, has_handled=has_handled)
        parameters: dict[str, Any] = {}
        for verb, each in (("insert", new), ("update", changed), ("delete", removed)):
            for changes in each:
                parameters[f"{verb}_{changes.record_type.name}"] = _document(_rows(changes))
                parameters[f"{verb}_{changes.record_type.name}_count"] = len(changes.rows)
        if batch.entries:
            parameters["insert_journal"] = _document([entry_row(entry) for entry in batch.entries])
        if batch.handled:
            parameters["insert_inbox"] = _document(inbox_rows(batch))
        try:
            return bool(connection.fetch(statement, parameters)[0][0])
        except exc.DataError as error:
            if getattr(error.orig, "sqlstate", None) != _DIVISION_BY_ZERO:
                raise
            raise LostRace from error


def _rows(changes: Changes) -> Rows:
    key = changes.record_type.key.name
    return [
        {key: change.key, "stored_revision": change.revision}
        if change.values is None
        else {**row_of(change), "stored_revision": change.revision}
        for change in changes.rows
    ]


@lru_cache(maxsize=256)
def _statement(
    new: tuple[RecordType[Any], ...],
    changed: tuple[RecordType[Any], ...],
    removed: tuple[RecordType[Any], ...],
    *,
    has_entries: bool,
    has_handled: bool,
) -> sa.Select[Any]:
    """Return the statement that writes these tables; it returns whether a delivery was enqueued."""
    counted = [_update(kind) for kind in changed] + [_delete(kind) for kind in removed]
    parts = [_insert(table_of(kind)).cte(f"insert_{kind.name}") for kind in new]
    if has_handled:
        parts.append(_insert(schema.inbox).cte("insert_inbox"))
    enqueued: sa.ColumnElement[bool] = sa.false()
    if has_entries:
        entries = _insert(schema.journal).returning(schema.journal).cte("insert_journal")
        deliveries = _enqueue(entries)
        parts += [entries, deliveries]
        enqueued = sa.exists(sa.select(deliveries.c.event_id))
    return sa.select(enqueued, *map(_check_count, counted)).add_cte(*parts)


def _check_count(changed: sa.CTE) -> sa.ColumnElement[Any]:
    """Return an expression that divides by zero unless all rows were changed."""
    count = sa.select(sa.func.count()).select_from(changed).scalar_subquery()
    expected = sa.bindparam(f"{changed.name}_count", type_=sa.Integer)
    return sa.literal_column("1") // sa.case((count == expected, sa.literal_column("1")), else_=sa.literal_column("0"))


def _insert(table: sa.Table) -> Any:
    rows = _recordset(f"insert_{table.name}", table.columns)
    return sa.insert(table).from_select(list(rows.c.keys()), sa.select(*rows.c))


def _update(record_type: RecordType[Any]) -> sa.CTE:
    table, key = table_of(record_type), key_of(record_type)
    rows = _recordset(f"update_{table.name}", [*table.columns, _STORED])
    values = {column.name: rows.c[column.name] for column in table.columns if column is not key}
    update = sa.update(table).where(_unchanged(table, key, rows)).values(values)
    return update.returning(key).cte(f"update_{table.name}")


def _delete(record_type: RecordType[Any]) -> sa.CTE:
    table, key = table_of(record_type), key_of(record_type)
    rows = _recordset(f"delete_{table.name}", [key, _STORED])
    return sa.delete(table).where(_unchanged(table, key, rows)).returning(key).cte(f"delete_{table.name}")


def _unchanged(table: sa.Table, key: sa.Column[Any], rows: sa.TableValuedAlias) -> sa.ColumnElement[bool]:
    """Return the condition that joins rows of a document with the stored ones that still have their revision."""
    # The array keeps the planner, which expects a hundred rows of any document, from scanning the table.
    keys = sa.func.array(sa.select(rows.c[key.name]).correlate(None).scalar_subquery(), type_=sa.ARRAY(key.type))
    return (key == rows.c[key.name]) & (key == sa.any_(keys)) & (table.c.revision == rows.c.stored_revision)


def _enqueue(entries: sa.CTE) -> sa.CTE:
    subscriptions = schema.subscriptions
    columns = (entries.c.id, entries.c.aggregate, entries.c.aggregate_id, entries.c.sequence)
    wanted = subscriptions.c.event_type.in_((entries.c.type, "*"))
    rows = sa.select(subscriptions.c.subscriber, *columns).join(entries, wanted).distinct()
    insert = sa.insert(schema.deliveries).from_select(
        ["subscriber", "event_id", "aggregate", "aggregate_id", "sequence"], rows
    )
    return insert.returning(schema.deliveries.c.event_id).cte("insert_deliveries")


def _recordset(parameter: str, columns: Iterable[sa.ColumnClause[Any]]) -> sa.TableValuedAlias:
    """Return the rows of a JSON document with the types of these columns."""
    document = sa.cast(sa.bindparam(parameter, type_=sa.Text), postgresql.JSON)
    fields = [sa.column(column.name, column.type) for column in columns]
    rows = sa.func.json_to_recordset(document).table_valued(*fields, name=f"{parameter}_rows")
    return rows.render_derived(with_types=True)


def _document(rows: Rows) -> str:
    # str() of a UUID or a datetime is a form that PostgreSQL reads.
    return json.dumps(rows, default=str, separators=(",", ":"))
