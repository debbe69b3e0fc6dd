"""Claims deliveries.

The statements must stay fast when very many deliveries are pending, whether all are due or none. PostgreSQL plans by
estimates, so the conditions are written such that a wrong estimate cannot lead to comparing every delivery with every
other, or to sorting all of them for the first few.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from hexaccount_sql.columns import Among, Moment
from hexaccount_sql.plain_connection import Parameters, PlainConnection, Row
from hexaccount_sql.schema import deliveries, journal
from hexaccount_sql.writer import ENTRY_COLUMNS

Found: TypeAlias = tuple[list[Row], UUID | None]
"""Deliveries, each its attempts and the columns of its journal entry, in no order, and where the search ended."""

SUBSCRIBER = sa.bindparam("for_subscriber", type_=sa.Text)
LEASE = sa.bindparam("claim", type_=sa.Uuid)
UNTIL = sa.bindparam("until", type_=Moment)
_NOW = sa.bindparam("now", type_=Moment)
_LATEST = sa.bindparam("latest", type_=Moment)
_LIMIT = sa.bindparam("limit", type_=sa.Integer)
_AFTER = sa.bindparam("after", type_=sa.Uuid)

_DUE = sa.and_(
    *(
        sa.and_(until > _NOW, until <= _LATEST).is_not(sa.true())
        for until in (deliveries.c.due_at, deliveries.c.leased_until)
    )
)
_EARLIEST = UUID(int=0)
_AGGREGATE = ("aggregate", "aggregate_id")
_pending = deliveries.alias("pending")
# Two transactions hold deliveries of a subscriber at most, one of which claims while the other publishes: more would
# skip each other's rows. A server ends one that holds them for too long, as its relay may have lost its network.
_RELAY = sa.func.hashtext(sa.func.concat("hexaccount relay ", sa.func.current_schema(), " ", SUBSCRIBER))
_SESSION = sa.select(
    sa.func.set_config("idle_in_transaction_session_timeout", sa.bindparam("longest", type_=sa.Text), sa.true()),
    sa.case(
        (sa.func.pg_try_advisory_xact_lock(_RELAY, 0), sa.true()), else_=sa.func.pg_try_advisory_xact_lock(_RELAY, 1)
    ).label("admitted"),
).cte("session")
_ADMITTED = sa.select(_SESSION.c.admitted).scalar_subquery()


def _front(also: sa.ColumnElement[bool]) -> sa.CTE:
    """Return the next due deliveries that no other transaction has locked; SQLite has one writer at a time."""
    return (
        sa.select(*deliveries.c["event_id", *_AGGREGATE, "sequence"])
        .where(deliveries.c.subscriber == SUBSCRIBER, ~deliveries.c.dead_letter, _DUE, deliveries.c.event_id > _AFTER)
        .where(also)
        .order_by(deliveries.c.event_id)
        .limit(_LIMIT)
        .with_for_update(skip_locked=True)
        .cte("front")
    )


def _claimable(front: sa.CTE) -> sa.Select[Any]:
    """Return the events of the front behind which nothing is pending: those of each aggregate up to the first gap."""
    aggregate = [front.c[name] for name in _AGGREGATE]
    predecessor = (
        sa.select(sa.func.max(_pending.c.sequence))
        .where(
            _pending.c.subscriber == SUBSCRIBER,
            *(_pending.c[name] == front.c[name] for name in _AGGREGATE),
            _pending.c.sequence < front.c.sequence,
            ~_pending.c.dead_letter,
        )
        .scalar_subquery()
    )
    before = sa.func.lag(front.c.sequence).over(partition_by=aggregate, order_by=front.c.sequence)
    # Of most events the number alone shows that nothing can be pending between; the others are looked up.
    next_number = sa.func.coalesce(before, 0) + 1
    follows = sa.case(
        (front.c.sequence == next_number, 1), (predecessor.is_not_distinct_from(before), 1), else_=0
    ).label("follows")
    steps = sa.select(*front.c, follows).subquery("steps")
    unbroken = sa.func.min(steps.c.follows).over(
        partition_by=[steps.c[name] for name in _AGGREGATE], order_by=steps.c.sequence
    )
    chains = sa.select(steps.c.event_id, unbroken.label("unbroken")).subquery("chains")
    return sa.select(chains.c.event_id).where(chains.c.unbroken == 1)


def _last(front: sa.CTE) -> sa.Select[Any]:
    """Return the last event of a front that is full."""
    return sa.select(front.c.event_id).order_by(front.c.event_id).offset(_LIMIT - 1).limit(1)


def _of_subscriber(statement: Any, events: sa.ColumnElement[bool]) -> Any:
    return statement.where(deliveries.c.subscriber == SUBSCRIBER, events).returning(
        deliveries.c.event_id, deliveries.c.attempts
    )


def _at_once(change: sa.Update | sa.Delete, also: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the statement for PostgreSQL that changes what may be claimed, and returns the entries of the journal.

    Each row begins with the end of a full front. There is one at least, in which the rest is null if nothing is found.
    """
    front = _front(also)
    chosen = sa.func.array(_claimable(front).scalar_subquery(), type_=sa.ARRAY(sa.Uuid))
    # Written so that PostgreSQL looks each event up by the index.
    taken = _of_subscriber(change, deliveries.c.event_id == sa.any_(chosen)).cte("taken")
    looked = sa.select(_last(front).scalar_subquery().label("last")).subquery("looked")
    entries = sa.join(taken, journal, journal.c.id == taken.c.event_id)
    return sa.select(looked.c.last, taken.c.attempts, *ENTRY_COLUMNS).select_from(
        sa.outerjoin(looked, entries, sa.true())
    )


_LEASING = sa.update(deliveries).values(lease=LEASE, leased_until=UNTIL)
_LEASE_AT_ONCE = _at_once(_LEASING, sa.true())
_HOLD_ONE_OF_TWO = _at_once(sa.delete(deliveries), _ADMITTED)
_HOLD = _at_once(sa.delete(deliveries), sa.true())

# SQLite has no UPDATE within a SELECT.
_plain_front = _front(sa.true())
_END = _last(_plain_front)
_LEASE = _of_subscriber(_LEASING, deliveries.c.event_id.in_(_claimable(_plain_front)))
_LEASED = (
    sa.select(deliveries.c.attempts, *ENTRY_COLUMNS)
    .join(journal, journal.c.id == deliveries.c.event_id)
    .where(deliveries.c.subscriber == SUBSCRIBER, deliveries.c.lease == LEASE, Among(deliveries.c.event_id, "events"))
)


def lease(connection: PlainConnection, parameters: Parameters) -> Found:
    """Lease deliveries; `parameters` are those of the statements by name, `after` excepted if there is none."""
    parameters = {"after": _EARLIEST, **parameters}
    if connection.dialect.name == "postgresql":
        return _found(connection.fetch(_LEASE_AT_ONCE, parameters))
    ends = connection.fetch(_END, parameters)
    leased = [event_id for event_id, _ in connection.fetch(_LEASE, parameters)]
    rows = connection.fetch(_LEASED, {**parameters, "events": leased}) if leased else []
    return rows, ends[0][0] if ends else None


def delete_as_one_of_two(connection: PlainConnection, parameters: Parameters) -> Found:
    """Begin a transaction that deletes deliveries, so that others skip them, unless two of the subscriber have."""
    return _begin_with(connection, _HOLD_ONE_OF_TWO, parameters)


def delete(connection: PlainConnection, parameters: Parameters) -> Found:
    """Do the same on an engine without advisory locks, or without the timeout."""
    return _begin_with(connection, _HOLD, parameters)


def _begin_with(connection: PlainConnection, statement: sa.Select[Any], parameters: Parameters) -> Found:
    connection.exec_driver_sql("BEGIN")
    try:
        return _found(connection.fetch(statement, {"after": _EARLIEST, **parameters}))
    except BaseException:
        connection.rollback()
        raise


def _found(rows: Sequence[Row]) -> Found:
    """Return the rows of deliveries, each its attempts and its entry, and the end of the front."""
    return [row[1:] for row in rows if row[1] is not None], rows[0][0]
