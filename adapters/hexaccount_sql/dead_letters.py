from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from hexaccount.events.ports import DeadLetter, DeadLetters
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount_sql.connections import without_timeouts
from hexaccount_sql.errors import store_errors
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.schema import deliveries, journal
from hexaccount_sql.writer import ENTRY_COLUMNS, entry_from


@dataclass(frozen=True, slots=True)
class SqlDeadLetters(DeadLetters):
    """The dead letters in the table `deliveries`."""

    engine: sa.Engine
    commits: CommitSignal

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[DeadLetter]:
        statement = (
            sa.select(deliveries.c.subscriber, deliveries.c.attempts, deliveries.c.error, *ENTRY_COLUMNS)
            .join(journal, journal.c.id == deliveries.c.event_id)
            .where(_chosen(event_id=None, subscriber=subscriber))
            .order_by(deliveries.c.event_id, deliveries.c.subscriber)
            .limit(limit)
        )
        if after is not None:
            statement = statement.where(deliveries.c.event_id > after)
        with store_errors(), PlainConnection(self.engine) as connection:
            rows = connection.execute(statement).all()
        return [DeadLetter(subscriber=row[0], attempts=row[1], error=row[2], entry=entry_from(row[3:])) for row in rows]

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        statement = (
            sa.update(deliveries)
            .where(_chosen(event_id=event_id, subscriber=subscriber))
            .values(dead_letter=sa.false(), attempts=0, due_at=sa.null(), error="")
        )
        with store_errors(), PlainConnection(self.engine) as connection, without_timeouts(connection):
            retried: int = connection.execute(statement).rowcount
        self.commits.give()
        return retried


def _chosen(*, event_id: UUID | None, subscriber: str | None) -> sa.ColumnElement[bool]:
    conditions: list[sa.ColumnElement[bool]] = [deliveries.c.dead_letter]
    if event_id is not None:
        conditions.append(deliveries.c.event_id == event_id)
    if subscriber is not None:
        conditions.append(deliveries.c.subscriber == subscriber)
    return sa.and_(*conditions)
