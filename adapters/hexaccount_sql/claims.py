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

_DUE = sa.and_((deliveries.c.due_at > _NOW).is_not(sa.true()), (deliveries.c.leased_until > _NOW).is_not(sa.true()))
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
# Of several claimants each passes over what another is about to take (PostgreSQL; SQLite has one writer at a time).
_heads = (
    sa.select(deliveries.c.event_id)
    .where(deliveries.c.subscriber == SUBSCRIBER, ~deliveries.c.set_aside, _DUE, deliveries.c.sequence <= _first_owed)
    .order_by(deliveries.c.event_id)
    .limit(_LIMIT)
    .with_for_update(skip_locked=True)
    .cte("heads")
)
_head_ids = sa.select(_heads.c.event_id)


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


_heads_array = sa.func.array(_head_ids.scalar_subquery(), type_=sa.ARRAY(sa.Uuid))
_claimed = _claim(deliveries.c.event_id == sa.any_(_heads_array)).cte("claimed")
# SQLite has no UPDATE within a SELECT: there the ids come first, and then what they stand for.
CLAIM_HEADS_AT_ONCE = (
    sa.select(_claimed.c.attempts, journal)
    .join(journal, journal.c.id == _claimed.c.event_id)
    .order_by(_claimed.c.event_id)
)
CLAIM_HEADS = _claim(deliveries.c.event_id.in_(_head_ids))

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
