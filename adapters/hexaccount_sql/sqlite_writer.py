import threading

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import schema
from hexaccount_sql.connections import SQLITE_LOCK_TIMEOUT, transaction
from hexaccount_sql.idempotency_records import completing
from hexaccount_sql.writes import LostRace, Rows, Writer, Writes, changing

_NEW_HASH = (
    sa.update(schema.users)
    .where(
        schema.users.c.id == sa.bindparam("user_id"),
        schema.users.c.password_hash == sa.func.coalesce(sa.bindparam("old"), schema.users.c.password_hash),
    )
    .values(password_hash=sa.bindparam("new"))
)
_SPEND = (
    sa.update(schema.refresh_tokens)
    .where(schema.refresh_tokens.c.digest == sa.bindparam("token"))
    .values(spent_at=sa.bindparam("spent_at"), salt=sa.bindparam("salt"))
)
_COMPLETE = completing(sqlite.insert(schema.idempotency_records))
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


class SqliteWriter(Writer):
    """Writes a commit as a transaction that takes the write lock before its first statement.

    Upgrading from a read lock could fail at once, whatever the timeout. The threads of a process first queue for a lock
    in memory, as SQLite polls its own.
    """

    insert = staticmethod(sqlite.insert)

    def __init__(self) -> None:
        self._write_lock = threading.Lock()

    def write(self, connection: sa.Connection, writes: Writes) -> bool:
        if not self._write_lock.acquire(timeout=SQLITE_LOCK_TIMEOUT):
            raise StoreUnavailable
        try:
            return self._write_whole(connection, writes)
        finally:
            self._write_lock.release()

    def _write_whole(self, connection: sa.Connection, writes: Writes) -> bool:
        with transaction(connection):
            return self._write(connection, writes)

    def _write(self, connection: sa.Connection, writes: Writes) -> bool:
        for table, rows in writes.updates.items():
            self._update(connection, table, rows)
        for table, rows in writes.inserts.items():
            connection.execute(sa.insert(table), rows)
        for row in writes.hashes:
            connection.execute(_NEW_HASH, {"user_id": row["id"], "old": row["old"], "new": row["new"]})
        for row in writes.spent:
            connection.execute(_SPEND, {"token": row["digest"], "spent_at": row["spent_at"], "salt": row["salt"]})
        if writes.answered:
            connection.execute(_COMPLETE, writes.answered)
        entries = writes.inserts.get(schema.journal, [])
        return sum(connection.execute(_ENQUEUE, {"entry": entry["id"]}).rowcount for entry in entries) > 0

    def _update(self, connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
        for row in rows:
            values = {name: row[name] for name in changing(table)}
            same = (table.c.id == row["id"]) & (table.c.version == row["stored_version"])
            if connection.execute(sa.update(table).where(same).values(values)).rowcount != 1:
                raise LostRace
