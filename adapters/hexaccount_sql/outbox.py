from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_order import order_by_sequence
from hexaccount.events.ports import NEVER, Backlog, ClaimedBatch, Delivery, Outbox
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.store_kit.leased_hold import hold_by_lease
from hexaccount_sql import claims
from hexaccount_sql.claims import LEASE, SUBSCRIBER, UNTIL
from hexaccount_sql.columns import Among
from hexaccount_sql.connections import transaction
from hexaccount_sql.errors import store_errors
from hexaccount_sql.first_accepted import FirstAccepted
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.schema import deliveries, journal, subscriptions
from hexaccount_sql.writer import Insert, entry_from

_EVENT = sa.bindparam("event", type_=sa.Uuid)
_HELD = sa.and_(deliveries.c.subscriber == SUBSCRIBER, deliveries.c.event_id == _EVENT, deliveries.c.lease == LEASE)
_ERROR = sa.bindparam("last_error", type_=sa.Text)
_FREE = {"lease": sa.null(), "leased_until": sa.null()}
_RETRY_LATER = (
    sa.update(deliveries).where(_HELD).values(attempts=deliveries.c.attempts + 1, due_at=UNTIL, error=_ERROR, **_FREE)
)
_DEAD_LETTER = (
    sa.update(deliveries)
    .where(_HELD)
    .values(
        attempts=deliveries.c.attempts + 1,
        dead_letter=sa.true(),
        error=_ERROR,
        **_FREE,
    )
)
_RELEASE = (
    sa.update(deliveries)
    .where(
        deliveries.c.subscriber == SUBSCRIBER,
        Among(deliveries.c.event_id, "events"),
        deliveries.c.lease == LEASE,
    )
    .values(**_FREE)
)
_ACKNOWLEDGE = sa.delete(deliveries).where(
    deliveries.c.subscriber == SUBSCRIBER, Among(deliveries.c.event_id, "events")
)
_DELIVERY_COLUMNS = ("subscriber", "event_id", "aggregate", "aggregate_id", "sequence")
_IN_THE_JOURNAL = sa.select(
    SUBSCRIBER, journal.c.id, journal.c.aggregate, journal.c.aggregate_id, journal.c.sequence
).where(Among(journal.c.id, "events"))
# The lock keeps the events from being removed before their deliveries are committed.
_LOCKED_IN_THE_JOURNAL = _IN_THE_JOURNAL.with_for_update(read=True, key_share=True)
_REVIVE_DEAD_LETTERS = (
    sa.update(deliveries)
    .where(deliveries.c.subscriber == SUBSCRIBER, Among(deliveries.c.event_id, "events"), deliveries.c.dead_letter)
    .values(dead_letter=sa.false(), attempts=0, due_at=sa.null(), error="")
)
_LIMIT = sa.bindparam("limit", type_=sa.Integer)


def _counted(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Return the number of rows up to the limit; the order makes the planner use an index."""
    rows = sa.select(deliveries.c.event_id).where(*conditions).order_by(deliveries.c.event_id).limit(_LIMIT)
    return sa.select(sa.func.count()).select_from(rows.subquery()).scalar_subquery()


# The concatenation keeps SQLite from scanning all pending deliveries instead of the index of dead letters.
_DEAD_LETTERS = (deliveries.c.dead_letter, deliveries.c.subscriber.concat("") == SUBSCRIBER)
_OLDEST = (
    sa.select(deliveries.c.event_id)
    .where(deliveries.c.subscriber == SUBSCRIBER, ~deliveries.c.dead_letter)
    .order_by(deliveries.c.event_id)
    .limit(1)
    .scalar_subquery()
)
_BACKLOG = sa.select(
    _counted(deliveries.c.subscriber == SUBSCRIBER, ~deliveries.c.dead_letter), _counted(*_DEAD_LETTERS), _OLDEST
)
_MAX_PARAMETERS = 1000  # databases accept some ten thousand
_TYPES = sa.select(subscriptions.c.event_type).where(subscriptions.c.subscriber == SUBSCRIBER)


@dataclass(frozen=True, slots=True)
class SqlOutbox(Outbox):
    """The deliveries in the table `deliveries`; acknowledging a delivery removes its row."""

    engine: sa.Engine
    insert: Insert
    commits: CommitSignal
    _begin_holding: FirstAccepted[claims.Found] = field(
        init=False, default_factory=lambda: FirstAccepted(claims.delete_as_one_of_two, claims.delete)
    )

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        with store_errors(), PlainConnection(self.engine) as connection:
            known = {event_type for (event_type,) in connection.fetch(_TYPES, {"for_subscriber": subscriber})}
            added, dropped = set(event_types) - known, known - set(event_types)
            for event_type in sorted(added):
                self._subscribe(connection, subscriber, event_type)
            if dropped:
                unwanted = (subscriptions.c.subscriber == subscriber) & subscriptions.c.event_type.in_(dropped)
                connection.execute(sa.delete(subscriptions).where(unwanted))

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        with store_errors(), PlainConnection(self.engine) as connection, transaction(connection):
            for batch in _batched([entry.id for entry in entries], _MAX_PARAMETERS):
                parameters = {"for_subscriber": subscriber, "events": batch}
                connection.change(_REVIVE_DEAD_LETTERS, parameters)
                connection.change(_enqueue(self.insert), parameters)
        self.commits.give()

    def claim(
        self,
        subscriber: str,
        *,
        limit: int,
        now: datetime,
        lease: timedelta,
        latest: datetime = NEVER,
        after: UUID | None = None,
    ) -> ClaimedBatch:
        token = uuid4()
        chosen = _chosen(subscriber, limit, now, latest, after)
        with store_errors(), PlainConnection(self.engine) as connection:
            found = claims.lease(connection, {"claim": token, "until": now + lease, **chosen})
        return _batch(subscriber, token, found)

    @contextmanager
    def hold(
        self,
        subscriber: str,
        *,
        limit: int,
        now: datetime,
        longest: timedelta,
        latest: datetime = NEVER,
        after: UUID | None = None,
    ) -> Iterator[ClaimedBatch]:
        if self.engine.dialect.name == "sqlite":  # where nobody else can commit during a transaction
            hold = hold_by_lease(self, subscriber, limit=limit, now=now, longest=longest, latest=latest, after=after)
            with hold as batch:
                yield batch
            return
        milliseconds = longest // timedelta(milliseconds=1)
        chosen = {"longest": str(milliseconds), **_chosen(subscriber, limit, now, latest, after)}
        with store_errors(), PlainConnection(self.engine) as connection:
            found = self._begin_holding(connection, chosen)
            try:
                yield _batch(subscriber, uuid4(), found)
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        for subscriber, group in _by_subscriber(deliveries).items():
            self._run(_ACKNOWLEDGE, for_subscriber=subscriber, events=[delivery.entry.id for delivery in group])

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        self._run(_RETRY_LATER, **_held(delivery), until=until, last_error=error)

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        self._run(_DEAD_LETTER, **_held(delivery), last_error=error)
        self.commits.give()

    def release(self, deliveries: Collection[Delivery]) -> None:
        for delivery in deliveries:
            self._run(_RELEASE, for_subscriber=delivery.subscriber, events=[delivery.entry.id], claim=delivery.lease)

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        with store_errors(), PlainConnection(self.engine) as connection:
            [(pending, dead_letters, oldest)] = connection.fetch(
                _BACKLOG, {"for_subscriber": subscriber, "limit": limit}
            )
        return Backlog(pending=pending, dead_letters=dead_letters, oldest=oldest)

    def _run(self, statement: sa.ClauseElement, **parameters: Any) -> None:
        with store_errors(), PlainConnection(self.engine) as connection:
            connection.change(statement, parameters)

    def _subscribe(self, connection: PlainConnection, subscriber: str, event_type: str) -> None:
        row = sa.select(sa.literal(subscriber), sa.literal(event_type))
        stored = sa.exists().where(subscriptions.c.subscriber == subscriber, subscriptions.c.event_type == event_type)
        statement = sa.insert(subscriptions).from_select(["subscriber", "event_type"], row.where(~stored))
        try:
            connection.execute(statement)
        except sa.exc.IntegrityError:
            return  # another process has just subscribed the same subscriber


def _chosen(subscriber: str, limit: int, now: datetime, latest: datetime, after: UUID | None) -> dict[str, Any]:
    chosen = {"for_subscriber": subscriber, "limit": limit, "now": now, "latest": latest}
    return chosen if after is None else {**chosen, "after": after}


def _batch(subscriber: str, token: UUID, found: claims.Found) -> ClaimedBatch:
    rows, end = found
    deliveries = [Delivery(subscriber, entry_from(row[1:]), row[0], token) for row in rows]
    return ClaimedBatch(order_by_sequence(deliveries, attrgetter("entry")), end)


@cache
def _enqueue(insert: Insert) -> Any:
    return insert(deliveries).from_select(_DELIVERY_COLUMNS, _LOCKED_IN_THE_JOURNAL).on_conflict_do_nothing()


def _batched(events: Sequence[UUID], length: int) -> Iterator[Sequence[UUID]]:
    for begin in range(0, len(events), length):
        yield events[begin : begin + length]


def _by_subscriber(deliveries: Collection[Delivery]) -> dict[str, list[Delivery]]:
    groups: defaultdict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        groups[delivery.subscriber].append(delivery)
    return groups


def _held(delivery: Delivery) -> dict[str, Any]:
    return {"for_subscriber": delivery.subscriber, "event": delivery.entry.id, "claim": delivery.lease}
