"""Writes a commit row by row, by statements that every database has."""

from collections.abc import Callable
from functools import cache
from typing import Any

import sqlalchemy as sa

from hexaccount.kernel.records import RecordType
from hexaccount.store_kit.transaction import Batch, Changes
from hexaccount_sql import schema
from hexaccount_sql.connections import transaction
from hexaccount_sql.plain_connection import PlainConnection
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


_insert_into = cache(sa.insert)


def write_in_steps(connection: PlainConnection, batch: Batch) -> bool:
    """Write a commit in a transaction, and return whether deliveries were enqueued; raises as `Writer.write`."""
    with transaction(connection):
        return _write(connection, batch)


def _write(connection: PlainConnection, batch: Batch) -> bool:
    for changes in (*batch.by_type(changed=True), *batch.by_type(removed=True)):
        _change(connection, changes)
    for handled in inbox_rows(batch):
        connection.change(_insert_into(schema.inbox), handled)
    for changes in batch.by_type(new=True):
        for new in changes.rows:
            connection.change(_insert_into(table_of(changes.record_type)), row_of(new))
    for entry in batch.entries:
        connection.change(_insert_into(schema.journal), entry_row(entry))
    return sum(connection.change(_ENQUEUE, {"entry": entry.id}) for entry in batch.entries) > 0


def _change(connection: PlainConnection, changes: Changes) -> None:
    for row in changes.rows:
        verb, values = (sa.delete, {}) if row.values is None else (sa.update, row_of(row))
        stored = {"stored_key": row.key, "stored_revision": row.revision}
        if connection.change(_of_stored(verb, changes.record_type), {**values, **stored}) != 1:
            raise LostRace


@cache
def _of_stored(verb: Callable[[sa.Table], Any], record_type: RecordType[Any]) -> Any:
    """Return the statement that changes a row which still has the key and the revision that were read."""
    table, key = table_of(record_type), key_of(record_type)
    same = (key == sa.bindparam("stored_key", type_=key.type)) & (table.c.revision == sa.bindparam("stored_revision"))
    return verb(table).where(same)
