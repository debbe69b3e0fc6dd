from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_order import order_by_sequence
from hexaccount.events.ports import Backlog, Delivery, Outbox
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount_sql.claims import (
    CLAIM_FOLLOWERS,
    CLAIM_HEADS,
    CLAIM_HEADS_AT_ONCE,
    CLAIMED,
    END_OF_FRONT,
    EVENTS,
    EVENTS_ARRAY,
    FOLLOWERS,
    LEASE,
    SUBSCRIBER,
    UNTIL,
)
from hexaccount_sql.connections import transaction
from hexaccount_sql.errors import store_errors
from hexaccount_sql.keyed_requests import Insert
from hexaccount_sql.rows import entry_from
from hexaccount_sql.schema import deliveries, journal, subscriptions

_EVENT = sa.bindparam("event", type_=sa.Uuid)
_HELD = sa.and_(deliveries.c.subscriber == SUBSCRIBER, deliveries.c.event_id == _EVENT, deliveries.c.lease == LEASE)
_FREE = {"lease": sa.null(), "leased_until": sa.null()}
_POSTPONE = (
    sa.update(deliveries)
    .where(_HELD)
    .values(attempts=deliveries.c.attempts + 1, due_at=UNTIL, error=sa.bindparam("told", type_=sa.Text), **_FREE)
)
_SET_ASIDE = (
    sa.update(deliveries)
    .where(_HELD)
    .values(
        attempts=deliveries.c.attempts + 1,
        set_aside=sa.true(),
        error=sa.bindparam("told", type_=sa.Text),
        **_FREE,
    )
)
_RELEASE = (
    sa.update(deliveries)
    .where(
        deliveries.c.subscriber == SUBSCRIBER,
        deliveries.c.event_id.in_(EVENTS),
        deliveries.c.lease == LEASE,
    )
    .values(**_FREE)
)
_SETTLE = sa.delete(deliveries).where(deliveries.c.subscriber == SUBSCRIBER, deliveries.c.event_id.in_(EVENTS))
# One parameter for them all, where there are arrays: a statement that grows with what it strikes off is compiled anew.
_SETTLE_AT_ONCE = sa.delete(deliveries).where(
    deliveries.c.subscriber == SUBSCRIBER, deliveries.c.event_id == sa.any_(EVENTS_ARRAY)
)
_OWED_COLUMNS = ("subscriber", "event_id", "aggregate", "aggregate_id", "sequence")
_IN_THE_JOURNAL = sa.select(
    SUBSCRIBER, journal.c.id, journal.c.aggregate, journal.c.aggregate_id, journal.c.sequence
).where(journal.c.id.in_(EVENTS))
_OWE_GIVEN_UP = (
    sa.update(deliveries)
    .where(deliveries.c.subscriber == SUBSCRIBER, deliveries.c.event_id.in_(EVENTS), deliveries.c.set_aside)
    .values(set_aside=sa.false(), attempts=0, due_at=sa.null(), error="")
)
_LIMIT = sa.bindparam("limit", type_=sa.Integer)


def _counted(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Return how many rows there are up to the limit; the order lets nobody look for them but along an index."""
    rows = sa.select(deliveries.c.event_id).where(*conditions).order_by(deliveries.c.event_id).limit(_LIMIT)
    return sa.select(sa.func.count()).select_from(rows.subquery()).scalar_subquery()


# Said so that SQLite does not walk along all that is owed to the subscriber, but along what was given up.
_GIVEN_UP = (deliveries.c.set_aside, deliveries.c.subscriber.concat("") == SUBSCRIBER)
_OLDEST = (
    sa.select(deliveries.c.event_id)
    .where(deliveries.c.subscriber == SUBSCRIBER, ~deliveries.c.set_aside)
    .order_by(deliveries.c.event_id)
    .limit(1)
    .scalar_subquery()
)
_BACKLOG = sa.select(
    _counted(deliveries.c.subscriber == SUBSCRIBER, ~deliveries.c.set_aside), _counted(*_GIVEN_UP), _OLDEST
)
_FRONT = 4  # times as many as may be claimed: most accounts have few events, and most of those few are together
_PARAMETERS = 1000  # databases take some ten thousand
_TYPES = sa.select(subscriptions.c.event_type).where(subscriptions.c.subscriber == SUBSCRIBER)


@dataclass(frozen=True, slots=True)
class SqlOutbox(Outbox):
    """The deliveries in the table `deliveries`; a delivery that has succeeded is a row that is gone."""

    engine: sa.Engine
    insert: Insert
    commits: CommitSignal

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        with store_errors(), self.engine.connect() as connection:
            known = set(connection.execute(_TYPES, {"for_subscriber": subscriber}).scalars())
            added, dropped = set(event_types) - known, known - set(event_types)
            for event_type in sorted(added):
                self._subscribe(connection, subscriber, event_type)
            if dropped:
                unwanted = (subscriptions.c.subscriber == subscriber) & subscriptions.c.event_type.in_(dropped)
                connection.execute(sa.delete(subscriptions).where(unwanted))

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        enqueue = self.insert(deliveries).from_select(_OWED_COLUMNS, _IN_THE_JOURNAL).on_conflict_do_nothing()
        with store_errors(), self.engine.connect() as connection, transaction(connection):
            for some in _batched([entry.id for entry in entries], _PARAMETERS):
                connection.execute(_OWE_GIVEN_UP, {"for_subscriber": subscriber, "events": some})
                connection.execute(enqueue, {"for_subscriber": subscriber, "events": some})
        self.commits.give()

    def claim(self, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        token = uuid4()
        claim = {"for_subscriber": subscriber, "claim": token, "now": now, "until": now + lease}
        with store_errors(), self.engine.connect() as connection:
            rows = self._claim_heads(connection, {**claim, "limit": limit})
            if rows and len(rows) < limit:
                heads = [row.id for row in rows]
                followers = self._claim_followers(connection, claim, heads, limit=limit - len(rows))
                rows += self._claimed(connection, claim, followers)
        deliveries = [
            Delivery(subscriber=subscriber, entry=entry_from(row[1:]), attempts=row[0], lease=token) for row in rows
        ]
        return order_by_sequence(deliveries, attrgetter("entry"))

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        statement = _SETTLE_AT_ONCE if self.engine.dialect.name == "postgresql" else _SETTLE
        for subscriber, group in _by_subscriber(deliveries).items():
            self._run(statement, for_subscriber=subscriber, events=[delivery.entry.id for delivery in group])

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        self._run(_POSTPONE, **_held(delivery), until=until, told=error)

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        self._run(_SET_ASIDE, **_held(delivery), told=error)
        self.commits.give()

    def release(self, deliveries: Collection[Delivery]) -> None:
        for delivery in deliveries:
            self._run(_RELEASE, for_subscriber=delivery.subscriber, events=[delivery.entry.id], claim=delivery.lease)

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        with store_errors(), self.engine.connect() as connection:
            row = connection.execute(_BACKLOG, {"for_subscriber": subscriber, "limit": limit}).one()
        pending, set_aside, oldest = row
        return Backlog(pending=pending, set_aside=set_aside, oldest=oldest)

    def _run(self, statement: sa.Executable, **parameters: Any) -> None:
        with store_errors(), self.engine.connect() as connection:
            connection.execute(statement, parameters)

    def _subscribe(self, connection: sa.Connection, subscriber: str, event_type: str) -> None:
        row = sa.select(sa.literal(subscriber), sa.literal(event_type))
        there = sa.exists().where(subscriptions.c.subscriber == subscriber, subscriptions.c.event_type == event_type)
        statement = sa.insert(subscriptions).from_select(["subscriber", "event_type"], row.where(~there))
        try:
            connection.execute(statement)
        except sa.exc.IntegrityError:
            return  # another process enrols the same subscriber at the same moment

    def _claim_heads(self, connection: sa.Connection, claim: dict[str, Any]) -> list[sa.Row[Any]]:
        """Claim heads among the oldest that are due; among more of them only where those have none."""
        window, after = _FRONT * claim["limit"], UUID(int=0)
        while True:
            front = {**claim, "window": window, "after": after}
            if rows := self._claim_heads_in(connection, front):
                return rows
            end = connection.execute(END_OF_FRONT, front).scalar()
            if end is None:
                return []
            window, after = 4 * window, end

    def _claim_heads_in(self, connection: sa.Connection, claim: dict[str, Any]) -> list[sa.Row[Any]]:
        if connection.dialect.name == "postgresql":
            return list(connection.execute(CLAIM_HEADS_AT_ONCE, claim))
        return self._claimed(connection, claim, list(connection.execute(CLAIM_HEADS, claim).scalars()))

    def _claimed(self, connection: sa.Connection, claim: dict[str, Any], events: Sequence[UUID]) -> list[sa.Row[Any]]:
        return list(connection.execute(CLAIMED, {**claim, "events": events})) if events else []

    def _claim_followers(
        self, connection: sa.Connection, claim: dict[str, Any], heads: Sequence[UUID], *, limit: int
    ) -> list[UUID]:
        """Claim what follows the heads just claimed, up to the first that is not due; nobody else may take it."""
        held_up: set[tuple[str, UUID]] = set()
        events: list[UUID] = []
        for event_id, aggregate, aggregate_id, due in connection.execute(
            FOLLOWERS, {**claim, "events": heads, "limit": limit}
        ):
            if not due:
                held_up.add((aggregate, aggregate_id))
            if (aggregate, aggregate_id) not in held_up:
                events.append(event_id)
        if events:
            connection.execute(CLAIM_FOLLOWERS, {**claim, "events": events})
        return events


def _batched(events: Sequence[UUID], length: int) -> Iterator[Sequence[UUID]]:
    """Give the events in parts of no more than a length."""
    for begin in range(0, len(events), length):
        yield events[begin : begin + length]


def _by_subscriber(deliveries: Collection[Delivery]) -> dict[str, list[Delivery]]:
    groups: defaultdict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        groups[delivery.subscriber].append(delivery)
    return groups


def _held(delivery: Delivery) -> dict[str, Any]:
    return {"for_subscriber": delivery.subscriber, "event": delivery.entry.id, "claim": delivery.lease}
