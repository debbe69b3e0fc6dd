"""The statements that claim deliveries.

They must stay quick when very many are owed, whether all of them are due or none. PostgreSQL decides on a plan by
what it supposes of the rows, so the conditions are put in such words that a wrong guess cannot make it compare every
delivery with every other, or sort them all to give the first few.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from hexaccount_sql.columns import Moment
from hexaccount_sql.schema import deliveries, journal

SUBSCRIBER = sa.bindparam("for_subscriber", type_=sa.Text)
LEASE = sa.bindparam("claim", type_=sa.Uuid)
UNTIL = sa.bindparam("until", type_=Moment)
EVENTS = sa.bindparam("events", type_=sa.Uuid, expanding=True)
EVENTS_ARRAY = sa.bindparam("events", type_=sa.ARRAY(sa.Uuid))
_NOW = sa.bindparam("now", type_=Moment)
_LIMIT = sa.bindparam("limit", type_=sa.Integer)

_AFTER = sa.bindparam("after", type_=sa.Uuid)
_WINDOW = sa.bindparam("window", type_=sa.Integer)

_DUE = sa.and_((deliveries.c.due_at > _NOW).is_not(sa.true()), (deliveries.c.leased_until > _NOW).is_not(sa.true()))
# So many of the oldest that are due. What is first in its aggregate is looked for among these, and not at every row:
# all of them may belong to one aggregate, of which one row can be a head.
_due_ones = (
    sa.select(*deliveries.c["event_id", "aggregate", "aggregate_id", "sequence"])
    .where(deliveries.c.subscriber == SUBSCRIBER, ~deliveries.c.set_aside, _DUE, deliveries.c.event_id > _AFTER)
    .order_by(deliveries.c.event_id)
)
_front = _due_ones.limit(_WINDOW).subquery("front")
END_OF_FRONT = _due_ones.with_only_columns(deliveries.c.event_id).offset(_WINDOW - 1).limit(1)
_placed = sa.select(
    _front.c.event_id,
    sa.func.row_number()
    .over(partition_by=[_front.c.aggregate, _front.c.aggregate_id], order_by=_front.c.sequence)
    .label("place"),
).subquery("placed")
_owed = deliveries.alias("owed")
_first_owed = (
    sa.select(sa.func.min(_owed.c.sequence))
    .where(
        _owed.c.subscriber == deliveries.c.subscriber,
        _owed.c.aggregate == deliveries.c.aggregate,
        _owed.c.aggregate_id == deliveries.c.aggregate_id,
        ~_owed.c.set_aside,
    )
    .scalar_subquery()
)
_firsts = sa.select(_placed.c.event_id).where(_placed.c.place == 1)


def _heads(chosen: sa.ColumnElement[bool]) -> sa.CTE:
    """Return which of the chosen may be claimed: those that are due, and before which nothing is owed.

    Of several claimants each passes over what another is about to take (PostgreSQL; SQLite has one writer at a time).
    """
    return (
        sa.select(deliveries.c.event_id)
        .where(deliveries.c.subscriber == SUBSCRIBER, chosen, ~deliveries.c.set_aside, _DUE)
        .where(deliveries.c.sequence <= _first_owed)
        .order_by(deliveries.c.event_id)
        .limit(_LIMIT)
        .with_for_update(skip_locked=True)
        .cte("heads")
    )


CLAIMED = (
    sa.select(deliveries.c.attempts, journal)
    .join(journal, journal.c.id == deliveries.c.event_id)
    .where(deliveries.c.subscriber == SUBSCRIBER, deliveries.c.lease == LEASE, deliveries.c.event_id.in_(EVENTS))
    .order_by(deliveries.c.event_id)
)


def _claim(chosen: sa.ColumnElement[bool]) -> ReturningUpdate[Any]:
    return (
        sa.update(deliveries)
        .where(deliveries.c.subscriber == SUBSCRIBER, chosen)
        .values(lease=LEASE, leased_until=UNTIL)
        .returning(deliveries.c.event_id, deliveries.c.attempts)
    )


def _among(events: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Return whether an event is among some, in the words in which PostgreSQL looks each of them up."""
    return deliveries.c.event_id == sa.any_(sa.func.array(events.scalar_subquery(), type_=sa.ARRAY(sa.Uuid)))


_claimed = _claim(_among(sa.select(_heads(_among(_firsts)).c.event_id))).cte("claimed")
# SQLite has no UPDATE within a SELECT: there the ids come first, and then what they stand for.
CLAIM_HEADS_AT_ONCE = (
    sa.select(_claimed.c.attempts, journal)
    .join(journal, journal.c.id == _claimed.c.event_id)
    .order_by(_claimed.c.event_id)
)
CLAIM_HEADS = _claim(deliveries.c.event_id.in_(sa.select(_heads(deliveries.c.event_id.in_(_firsts)).c.event_id)))

_head = deliveries.alias("head")
FOLLOWERS = (
    sa.select(deliveries.c.event_id, deliveries.c.aggregate, deliveries.c.aggregate_id, _DUE.label("due"))
    .join(
        _head,
        sa.and_(
            _head.c.subscriber == deliveries.c.subscriber,
            _head.c.aggregate == deliveries.c.aggregate,
            _head.c.aggregate_id == deliveries.c.aggregate_id,
            _head.c.sequence < deliveries.c.sequence,
        ),
    )
    .where(_head.c.subscriber == SUBSCRIBER, _head.c.event_id.in_(EVENTS), _head.c.lease == LEASE)
    .where(~deliveries.c.set_aside)
    .order_by(deliveries.c.aggregate, deliveries.c.aggregate_id, deliveries.c.sequence)
    .limit(_LIMIT)
)
CLAIM_FOLLOWERS = (
    sa.update(deliveries)
    .where(deliveries.c.subscriber == SUBSCRIBER, deliveries.c.event_id.in_(EVENTS), _DUE)
    .values(lease=LEASE, leased_until=UNTIL)
)
