"""Writes a commit row by row, by statements that every database has."""

from functools import cache

import sqlalchemy as sa

from hexaccount.store_kit.transaction import Batch, Changes
from hexaccount_sql import schema
from hexaccount_sql.connections import transaction
from hexaccount_sql.record_tables import key_of, table_of
from hexaccount_sql.writer import LostRace, entry_row, inbox_rows, row_of

_DELIVERY_COLUMNS = ("subscriber", "event_id", "aggregate", "aggregate_id", "sequence")
_ENQUEUE = sa.insert(schema.deliveries).from_select(
    _DELIVERY_COLUMNS,
    sa.select(
        schema.subscriptions.c.subscriber,
        schema.journal.c.id,
        schema.journal.c.aggregate,
        schema.journal.c.aggregate_id,
        schema.journal.c.sequence,
    )
    .join(schema.journal, schema.subscriptions.c.event_type.in_((schema.journal.c.type, "*")))
    .where(schema.journal.c.id == sa.bindparam("entry"))
    .distinct(),
)


# A statement that is made once has its cache key computed once.
_insert_into = cache(sa.insert)


def write_in_steps(connection: sa.Connection, batch: Batch) -> bool:
    """Write a commit in a transaction, and return whether deliveries were enqueued; raises as `Writer.write`."""
    with transaction(connection):
        return _write(connection, batch)


def _write(connection: sa.Connection, batch: Batch) -> bool:
    for changes in (*batch.by_type(changed=True), *batch.by_type(removed=True)):
        _change(connection, changes)
    if batch.handled:
        connection.execute(_insert_into(schema.inbox), inbox_rows(batch))
    for changes in batch.by_type(new=True):
        rows = [row_of(change) for change in changes.rows]
        connection.execute(_insert_into(table_of(changes.record_type)), rows)
    if batch.entries:
        connection.execute(_insert_into(schema.journal), [entry_row(entry) for entry in batch.entries])
    return sum(connection.execute(_ENQUEUE, {"entry": entry.id}).rowcount for entry in batch.entries) > 0


def _change(connection: sa.Connection, changes: Changes) -> None:
    table, key = table_of(changes.record_type), key_of(changes.record_type)
    for change in changes.rows:
        statement: sa.Update | sa.Delete = sa.delete(table)
        if change.values is not None:
            statement = sa.update(table).values(row_of(change))
        same = (key == change.key) & (table.c.revision == change.revision)
        if connection.execute(statement.where(same)).rowcount != 1:
            raise LostRace
