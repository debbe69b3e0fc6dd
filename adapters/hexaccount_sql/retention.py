"""Removes expired rows: each step is one statement, which finds its rows by an index.

On PostgreSQL the rows are chosen once, into an array, whatever the planner estimates; concurrent steps skip rows that
another one removes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.records import Expiry
from hexaccount.retention.ports import RetentionStore
from hexaccount_sql.columns import Among, Moment
from hexaccount_sql.connections import transaction
from hexaccount_sql.errors import store_errors
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.record_tables import key_of, table_of
from hexaccount_sql.schema import deliveries, inbox, journal, rate_limits
from hexaccount_sql.subscriptions import names_of_deliveries
from hexaccount_sql.writer import Insert, entry_row

Statements: TypeAlias = Mapping[str, sa.ClauseElement]
"""A statement for each dialect."""

_BEFORE = sa.bindparam("before", type_=Moment)
_LIMIT = sa.bindparam("most", type_=sa.Integer)
_SUBSCRIBER = sa.bindparam("for_subscriber", type_=sa.Text)
_BEFORE_EVENT = sa.bindparam("before_event", type_=sa.Uuid)


def _on_each(change: sa.Delete | sa.Update, key: sa.ColumnElement[Any], chosen: sa.Select[Any]) -> Statements:
    """Return the statements that change the rows with the chosen keys."""
    locked = chosen.correlate(None).limit(_LIMIT).with_for_update(skip_locked=True, of=change.table)
    array = sa.func.array(locked.scalar_subquery(), type_=sa.ARRAY(key.type))
    return {"postgresql": change.where(key == sa.any_(array)), "sqlite": change.where(key.in_(locked))}


def _has_none(rows: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Return whether a subquery finds no row; PostgreSQL may turn NOT EXISTS into a join that reads a whole table."""
    return rows.limit(1).scalar_subquery().is_(None)


@cache
def _steps(expiry: Expiry) -> Sequence[Statements]:
    """Return the statements that remove or change what has expired, one for each field of `ends`."""
    kind, table, key = expiry.record_type, table_of(expiry.record_type), key_of(expiry.record_type)
    change: sa.Delete | sa.Update = sa.delete(table)
    chosen, ended = sa.select(key), table
    if expiry.of_reference and kind.reference is not None:
        ended = table_of(kind.reference.to)
        chosen = chosen.join(ended, key_of(kind.reference.to) == table.c[kind.reference.field])
    if (other := expiry.unless_referred_by) is not None and other.reference is not None:
        chosen = chosen.where(
            _has_none(sa.select(key_of(other)).where(table_of(other).c[other.reference.field] == key))
        )
    if expiry.erases is not None:
        change = sa.update(table).values({expiry.erases: None, "revision": table.c.revision + 1})
        chosen = chosen.where(table.c[expiry.erases].is_not(None))
    ends = [ended.c[end] for end in expiry.ends]
    return [_on_each(change, key, chosen.where(end < _BEFORE).order_by(end)) for end in ends]


_DRAINED = _on_each(
    sa.delete(rate_limits),
    rate_limits.c.key,
    sa.select(rate_limits.c.key)
    .where(rate_limits.c.sustained_until < _BEFORE, rate_limits.c.burst_until < _BEFORE)
    .order_by(rate_limits.c.sustained_until),
)

# No index of the inbox begins with the event, so its few subscribers are visited one by one.
_FIRST_SUBSCRIBER = sa.select(sa.func.min(inbox.c.subscriber))
_NEXT_SUBSCRIBER = _FIRST_SUBSCRIBER.where(inbox.c.subscriber > _SUBSCRIBER)
_pending = sa.select(deliveries.c.event_id).where(
    deliveries.c.subscriber == inbox.c.subscriber, deliveries.c.event_id == inbox.c.event_id
)
_HANDLED = _on_each(
    sa.delete(inbox).where(inbox.c.subscriber == _SUBSCRIBER),
    inbox.c.event_id,
    sa.select(inbox.c.event_id)
    .where(inbox.c.subscriber == _SUBSCRIBER, inbox.c.event_id < _BEFORE_EVENT, _has_none(_pending))
    .order_by(inbox.c.event_id),
)

_chosen = Among(journal.c.id, "events")
_LOCK_EVENTS = sa.select(journal.c.id).where(_chosen).with_for_update(skip_locked=True)
_delivery = sa.select(deliveries.c.event_id).where(
    Among(deliveries.c.subscriber, "subscribers"), deliveries.c.event_id == journal.c.id
)
_REMOVE_EVENTS = sa.delete(journal).where(_chosen, _has_none(_delivery))


@dataclass(frozen=True, slots=True)
class SqlRetentionStore(RetentionStore):
    """Removes expired rows. Acknowledging a delivery removes its row at once."""

    engine: sa.Engine
    insert: Insert

    def remove(self, expiry: Expiry, *, before: datetime, limit: int) -> int:
        removed = 0
        with store_errors(), PlainConnection(self.engine) as connection:
            for statements in _steps(expiry):
                removed += self._run(connection, statements, before=before, most=limit - removed)
        return removed

    def remove_drained(self, *, before: datetime, limit: int) -> int:
        with store_errors(), PlainConnection(self.engine) as connection:
            return self._run(connection, _DRAINED, before=before, most=limit)

    def remove_handled(self, *, before: datetime, limit: int) -> int:
        removed = 0
        with store_errors(), PlainConnection(self.engine) as connection:
            [(subscriber,)] = connection.fetch(_FIRST_SUBSCRIBER)
            while subscriber is not None and removed < limit:
                parameters: dict[str, Any] = {"for_subscriber": subscriber, "before_event": first_id_at(before)}
                removed += self._run(connection, _HANDLED, **parameters, most=limit - removed)
                [(subscriber,)] = connection.fetch(_NEXT_SUBSCRIBER, {"for_subscriber": subscriber})
        return removed

    def remove_events(self, event_ids: Collection[UUID]) -> int:
        with store_errors(), PlainConnection(self.engine) as connection, transaction(connection):
            if self.engine.dialect.name == "postgresql":
                # From now on no delivery of these events can be committed, and the next statements see all that were.
                event_ids = [locked for (locked,) in connection.fetch(_LOCK_EVENTS, {"events": list(event_ids)})]
            chosen = {"events": list(event_ids), "subscribers": sorted(names_of_deliveries(connection))}
            return connection.change(_REMOVE_EVENTS, chosen)

    def restore_events(self, entries: Sequence[JournalEntry]) -> int:
        if not entries:
            return 0
        with store_errors(), PlainConnection(self.engine) as connection, transaction(connection):
            missing = self.insert(journal).on_conflict_do_nothing().returning(journal.c.id)
            return len(connection.execute(missing, [entry_row(entry) for entry in entries]).all())

    def _run(self, connection: PlainConnection, statements: Statements, **parameters: Any) -> int:
        return connection.change(statements[self.engine.dialect.name], parameters)
