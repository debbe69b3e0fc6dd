"""Claims deliveries.

The statements must stay fast when very many deliveries are pending, whether all are due or none. PostgreSQL plans by
estimates, so the conditions are written such that a wrong estimate cannot lead to comparing every delivery with every
other, or to sorting all of them for the first few.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from hexaccount.events.journal_entry import JournalEntry
from hexaccount_sql.columns import Among, Moment
from hexaccount_sql.plain_connection import PlainConnection, Row
from hexaccount_sql.schema import deliveries, journal
from hexaccount_sql.writer import ENTRY_COLUMNS

SUBSCRIBER = sa.bindparam("for_subscriber", type_=sa.Text)
LEASE = sa.bindparam("claim", type_=sa.Uuid)
UNTIL = sa.bindparam("until", type_=Moment)
_NOW = sa.bindparam("now", type_=Moment)
_LATEST = sa.bindparam("latest", type_=Moment)
_LIMIT = sa.bindparam("limit", type_=sa.Integer)

_EVENT_ID = 1 + JournalEntry._fields.index("id")
_WINDOW_FACTOR = 4  # times the limit of a claim: most aggregates have few events, next to each other
_AFTER = sa.bindparam("after", type_=sa.Uuid)
_WINDOW = sa.bindparam("window", type_=sa.Integer)

_DUE = sa.and_(
    *(
        sa.and_(until > _NOW, until <= _LATEST).is_not(sa.true())
        for until in (deliveries.c.due_at, deliveries.c.leased_until)
    )
)
# The oldest due deliveries, as many as the window. Only these are searched for the first of each aggregate, as all rows
# may belong to one aggregate, of which one row can be the head.
_due_rows = (
    sa.select(*deliveries.c["event_id", "aggregate", "aggregate_id", "sequence"])
    .where(deliveries.c.subscriber == SUBSCRIBER, ~deliveries.c.dead_letter, _DUE, deliveries.c.event_id > _AFTER)
    .order_by(deliveries.c.event_id)
)
_front = _due_rows.limit(_WINDOW).subquery("front")
_END_OF_FRONT = _due_rows.with_only_columns(deliveries.c.event_id).offset(_WINDOW - 1).limit(1)
_placed = sa.select(
    _front.c.event_id,
    sa.func.row_number()
    .over(partition_by=[_front.c.aggregate, _front.c.aggregate_id], order_by=_front.c.sequence)
    .label("place"),
).subquery("placed")
_pending = deliveries.alias("pending")
_first_pending = (
    sa.select(sa.func.min(_pending.c.sequence))
    .where(
        _pending.c.subscriber == deliveries.c.subscriber,
        _pending.c.aggregate == deliveries.c.aggregate,
        _pending.c.aggregate_id == deliveries.c.aggregate_id,
        ~_pending.c.dead_letter,
    )
    .scalar_subquery()
)
_firsts = sa.select(_placed.c.event_id).where(_placed.c.place == 1)


def _heads(chosen: sa.ColumnElement[bool]) -> sa.CTE:
    """Return which of the chosen may be claimed: due, and the first pending delivery of their aggregate.

    Concurrent claimants skip each other's rows on PostgreSQL; SQLite has one writer at a time.
    """
    return (
        sa.select(deliveries.c.event_id)
        .where(deliveries.c.subscriber == SUBSCRIBER, chosen, ~deliveries.c.dead_letter, _DUE)
        .where(deliveries.c.sequence <= _first_pending)
        .order_by(deliveries.c.event_id)
        .limit(_LIMIT)
        .with_for_update(skip_locked=True)
        .cte("heads")
    )


_CLAIMED = (
    sa.select(deliveries.c.attempts, *ENTRY_COLUMNS)
    .join(journal, journal.c.id == deliveries.c.event_id)
    .where(deliveries.c.subscriber == SUBSCRIBER, deliveries.c.lease == LEASE, Among(deliveries.c.event_id, "events"))
)


def _claim(chosen: sa.ColumnElement[bool]) -> ReturningUpdate[Any]:
    return (
        sa.update(deliveries)
        .where(deliveries.c.subscriber == SUBSCRIBER, chosen)
        .values(lease=LEASE, leased_until=UNTIL)
        .returning(deliveries.c.event_id, deliveries.c.attempts)
    )


def _among(events: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Return the condition that an event is among these, written so that PostgreSQL looks each up by the index."""
    return deliveries.c.event_id == sa.any_(sa.func.array(events.scalar_subquery(), type_=sa.ARRAY(sa.Uuid)))


_claimed = _claim(_among(sa.select(_heads(_among(_firsts)).c.event_id))).cte("claimed")
# SQLite has no UPDATE within a SELECT: there _CLAIM_HEADS returns ids, and _CLAIMED reads their rows.
_CLAIM_HEADS_AT_ONCE = sa.select(_claimed.c.attempts, *ENTRY_COLUMNS).join(journal, journal.c.id == _claimed.c.event_id)
_CLAIM_HEADS = _claim(deliveries.c.event_id.in_(sa.select(_heads(deliveries.c.event_id.in_(_firsts)).c.event_id)))

_head = deliveries.alias("head")
_FOLLOWERS = (
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
    .where(_head.c.subscriber == SUBSCRIBER, Among(_head.c.event_id, "events"), _head.c.lease == LEASE)
    .where(~deliveries.c.dead_letter)
    .order_by(deliveries.c.aggregate, deliveries.c.aggregate_id, deliveries.c.sequence)
    .limit(_LIMIT)
)
_CLAIM_FOLLOWERS = (
    sa.update(deliveries)
    .where(deliveries.c.subscriber == SUBSCRIBER, Among(deliveries.c.event_id, "events"), _DUE)
    .values(lease=LEASE, leased_until=UNTIL)
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim of a subscriber's deliveries: it leases them with its token."""

    connection: PlainConnection
    subscriber: str
    token: UUID
    now: datetime
    until: datetime
    latest: datetime

    def take(self, limit: int) -> list[Row]:
        """Lease up to `limit` deliveries, and return their attempts and journal entries, in no order."""
        rows = self._claim_heads(limit)
        if rows and len(rows) < limit:
            followers = self._claim_followers([row[_EVENT_ID] for row in rows], limit - len(rows))
            rows += self._claimed(followers)
        return rows

    def _claim_heads(self, limit: int) -> list[Row]:
        """Claim heads among the oldest due deliveries, and widen the window while it contains none."""
        window, after = _WINDOW_FACTOR * limit, UUID(int=0)
        while True:
            front = {"limit": limit, "window": window, "after": after}
            if rows := self._claim_heads_in(front):
                return rows
            ends = self._fetch(_END_OF_FRONT, **front)
            if not ends:
                return []
            window, after = 4 * window, ends[0][0]

    def _claim_heads_in(self, front: dict[str, Any]) -> list[Row]:
        if self.connection.dialect.name == "postgresql":
            return self._fetch(_CLAIM_HEADS_AT_ONCE, **front)
        return self._claimed([event_id for event_id, _ in self._fetch(_CLAIM_HEADS, **front)])

    def _claimed(self, events: Sequence[UUID]) -> list[Row]:
        return self._fetch(_CLAIMED, events=events) if events else []

    def _claim_followers(self, heads: Sequence[UUID], limit: int) -> list[UUID]:
        """Claim what follows the heads in their aggregates, up to the first that is not due; no other claimant can."""
        blocked: set[tuple[str, UUID]] = set()
        events: list[UUID] = []
        for event_id, aggregate, aggregate_id, due in self._fetch(_FOLLOWERS, events=heads, limit=limit):
            if not due:
                blocked.add((aggregate, aggregate_id))
            if (aggregate, aggregate_id) not in blocked:
                events.append(event_id)
        if events:
            self.connection.change(_CLAIM_FOLLOWERS, self._parameters(events=events))
        return events

    def _fetch(self, statement: sa.ClauseElement, **parameters: Any) -> list[Row]:
        return self.connection.fetch(statement, self._parameters(**parameters))

    def _parameters(self, **parameters: Any) -> dict[str, Any]:
        return {
            "for_subscriber": self.subscriber,
            "claim": self.token,
            "now": self.now,
            "until": self.until,
            "latest": self.latest,
            **parameters,
        }
