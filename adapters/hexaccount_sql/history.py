from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, History, JournalKey
from hexaccount_sql.connections import without_timeouts
from hexaccount_sql.errors import store_errors
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.schema import journal
from hexaccount_sql.writer import ENTRY_COLUMNS, entry_from

_BY_ID = sa.select(*ENTRY_COLUMNS).where(journal.c.id == sa.bindparam("event"))
_KEY = (journal.c.aggregate, journal.c.aggregate_id)


@dataclass(frozen=True, slots=True)
class SqlHistory(History):
    """All events in the table `journal`."""

    engine: sa.Engine

    def find(self, event_id: UUID) -> JournalEntry | None:
        with store_errors(), PlainConnection(self.engine) as connection:
            found = connection.fetch(_BY_ID, {"event": event_id})
        return entry_from(found[0]) if found else None

    def page(self, event_filter: EventFilter, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        statement = sa.select(*ENTRY_COLUMNS).where(*_conditions(event_filter)).order_by(journal.c.id).limit(limit)
        statement = statement if after is None else statement.where(journal.c.id > after)
        with store_errors(), PlainConnection(self.engine) as connection:
            return _entries(connection, statement)

    def by_aggregate(
        self, event_filter: EventFilter, *, limit: int, after: JournalKey | None
    ) -> Sequence[JournalEntry]:
        statement = (
            sa.select(*ENTRY_COLUMNS).where(*_conditions(event_filter)).order_by(*_KEY, journal.c.sequence).limit(limit)
        )
        if after is not None:
            last = (sa.literal(value, column.type) for value, column in zip(after, _KEY, strict=True))
            statement = statement.where(sa.tuple_(*_KEY) > sa.tuple_(*last))
        # No index has both the order and the filter: the scan may skip many rows.
        with store_errors(), PlainConnection(self.engine) as connection, without_timeouts(connection):
            return _entries(connection, statement)

    def count(self, event_filter: EventFilter) -> int:
        statement = sa.select(sa.func.count()).select_from(journal).where(*_conditions(event_filter))
        with store_errors(), PlainConnection(self.engine) as connection, without_timeouts(connection):
            counted: int = connection.execute(statement).scalar_one()
            return counted


def _entries(connection: PlainConnection, statement: sa.Select[Any]) -> list[JournalEntry]:
    return [entry_from(row) for row in connection.execute(statement)]


def _conditions(event_filter: EventFilter) -> list[sa.ColumnExpressionArgument[bool]]:
    conditions: list[sa.ColumnExpressionArgument[bool]] = []
    if event_filter.user_id is not None:
        conditions.append(journal.c.subject == event_filter.user_id)
    if event_filter.types is not None:
        conditions.append(journal.c.type.in_(sorted(event_filter.types)))
    if event_filter.first is not None:
        conditions.append(journal.c.id >= event_filter.first)
    if event_filter.below is not None:
        conditions.append(journal.c.id < event_filter.below)
    return conditions
