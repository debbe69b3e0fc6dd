from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import LookUp, RecordType
from hexaccount.store_kit.transaction import Batch, BrokenRule, StoredRow, Transaction
from hexaccount_sql.columns import Among
from hexaccount_sql.errors import store_errors
from hexaccount_sql.plain_connection import PlainConnection, Row
from hexaccount_sql.record_tables import key_of, table_of
from hexaccount_sql.schema import inbox, journal
from hexaccount_sql.writer import ENTRY_COLUMNS, LostRace, Writer, entry_from

_JOURNAL = (
    sa.select(*ENTRY_COLUMNS)
    .where(journal.c.aggregate == sa.bindparam("aggregate"), journal.c.aggregate_id == sa.bindparam("id"))
    .order_by(journal.c.sequence)
)
_HANDLED = sa.select(inbox.c.event_id).where(
    inbox.c.subscriber == sa.bindparam("for_subscriber"), inbox.c.event_id == sa.bindparam("event")
)
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_ABORTED = {"40P01", "40001"}
"""PostgreSQL's codes deadlock_detected and serialization_failure; to some engines every transaction is serializable."""
_RETRIES = 10


class SqlTransaction(Transaction):
    """Reads and writes rows on one connection, which it holds from its first read until it ends."""

    def __init__(self, engine: sa.Engine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer
        self._connection: PlainConnection | None = None

    def rows(self, record_type: RecordType[Any], field: str, values: Collection[object]) -> Sequence[StoredRow]:
        found = (
            self._read(_by_values(record_type, field), {"chosen": list(values)})
            if len(values) > 1
            else (self._read(_by_value(record_type, field), {"chosen": next(iter(values))}) if values else [])
        )
        return [StoredRow(row[:-1], row[-1]) for row in found]

    def with_references(self, record_type: RecordType[Any], key: object) -> Sequence[StoredRow] | None:
        for row in self._read(_joined(record_type), {"chosen": key}):
            found, start = [], 0
            for kind in _chain(record_type):
                end = start + len(kind.fields)
                found.append(StoredRow(row[start:end], row[end]))
                start = end + 1
            return found
        return None

    def page(
        self,
        record_type: RecordType[Any],
        look_up: LookUp,
        values: Mapping[str, object],
        *,
        limit: int | None,
        after: object,
    ) -> Sequence[StoredRow]:
        nulls = frozenset(name for name, value in values.items() if value is None)
        statement = _page(record_type, look_up, nulls, limited=limit is not None, continued=after is not None)
        found = self._read(statement, {**values, "after_key": after, "most": limit})
        return [StoredRow(row[:-1], row[-1]) for row in found]

    def journal(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        return [entry_from(row) for row in self._read(_JOURNAL, {"aggregate": aggregate, "id": aggregate_id})]

    def is_handled(self, subscriber: str, event_id: UUID) -> bool:
        return bool(self._read(_HANDLED, {"for_subscriber": subscriber, "event": event_id}))

    def write(self, batch: Batch) -> bool:
        with store_errors():
            try:
                return self._write_despite_aborts(batch)
            except (exc.IntegrityError, LostRace) as error:
                raise BrokenRule from error

    def end(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _write_despite_aborts(self, batch: Batch) -> bool:
        """Write, and repeat if the database aborts that because of a concurrent commit, to resolve a deadlock say."""
        for _ in range(_RETRIES):
            try:
                return self._writer.write(self._connect(), batch)
            except exc.OperationalError as error:
                if getattr(error.orig, "sqlstate", None) not in _ABORTED:
                    raise
        return self._writer.write(self._connect(), batch)

    def _connect(self) -> PlainConnection:
        if self._connection is None:
            self._connection = PlainConnection(self._engine)
        return self._connection

    def _read(self, statement: sa.ClauseElement, parameters: dict[str, Any]) -> Sequence[Row]:
        with store_errors():
            return self._connect().fetch(statement, parameters)


@lru_cache(maxsize=256)
def _by_value(record_type: RecordType[Any], field: str) -> sa.Select[Any]:
    column = table_of(record_type).c[field]
    return sa.select(table_of(record_type)).where(column == sa.bindparam("chosen", type_=column.type))


@lru_cache(maxsize=256)
def _by_values(record_type: RecordType[Any], field: str) -> sa.Select[Any]:
    table = table_of(record_type)
    return sa.select(table).where(Among(table.c[field], "chosen"))


@lru_cache(maxsize=256)
def _joined(record_type: RecordType[Any]) -> sa.Select[Any]:
    """Return the statement that reads a row and those that it refers to."""
    statement = sa.select(*(table_of(kind) for kind in _chain(record_type)))
    for kind in _chain(record_type):
        if kind.reference is not None:
            to = kind.reference.to
            statement = statement.join(table_of(to), key_of(to) == table_of(kind).c[kind.reference.field])
    key = key_of(record_type)
    return statement.where(key == sa.bindparam("chosen", type_=key.type))


@lru_cache(maxsize=256)
def _chain(record_type: RecordType[Any]) -> list[RecordType[Any]]:
    """Return a record type, the one that it refers to, and so on."""
    reference = record_type.reference
    return [record_type, *(_chain(reference.to) if reference else [])]


@lru_cache(maxsize=256)
def _page(
    record_type: RecordType[Any], look_up: LookUp, nulls: frozenset[str], *, limited: bool, continued: bool
) -> sa.Select[Any]:
    table, key = table_of(record_type), key_of(record_type)
    after = sa.bindparam("after_key", type_=key.type)
    conditions = [
        table.c[name].is_(None) if name in nulls else table.c[name] == sa.bindparam(name, type_=table.c[name].type)
        for name in look_up.equal
    ]
    if look_up.above is not None:
        above = table.c[look_up.above]
        conditions.append(above > sa.bindparam(look_up.above, type_=above.type))
    if continued:
        conditions.append(key < after if look_up.descending else key > after)
    statement = sa.select(table).where(*conditions).order_by(key.desc() if look_up.descending else key)
    return statement.limit(sa.bindparam("most", type_=sa.Integer)) if limited else statement
