"""A backup reads its snapshot for hours, during which PostgreSQL removes no row that was deleted meanwhile."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy as sa

from hexaccount_sql import SqlStore, schema

MANY = 6_000
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def test_a_claim_after_the_last_one_reads_no_delivered_rows(postgresql: SqlStore) -> None:
    store = postgresql
    insert(store, range(1, MANY + 1))
    with psycopg.connect(store._url) as backup:
        backup.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        backup.execute("SELECT")
        with store._engine.connect() as connection:
            connection.execute(sa.delete(schema.deliveries))
        insert(store, range(MANY + 1, MANY + 6))
        from_the_start, after_the_last = (buffers_of_a_claim(store, after) for after in (None, UUID(int=MANY)))
    pages = MANY / 60  # at least, for what was delivered
    assert from_the_start > pages, "the snapshot keeps nothing, so this shows nothing"
    assert after_the_last < from_the_start - pages


def insert(store: SqlStore, numbers: Iterable[int]) -> None:
    keys = [
        {"aggregate": "user", "aggregate_id": UUID(int=number), "sequence": 1, "id": UUID(int=number)}
        for number in numbers
    ]
    common = {"type": "t", "source": "s", "dataschema": "d", "time": NOW, "actor": "service", "data": {}}
    with store._engine.connect() as connection:
        connection.execute(sa.insert(schema.journal), [{**key, "subject": key["id"], **common} for key in keys])
        pending = [{**key, "subscriber": "s", "event_id": key["id"]} for key in keys]
        connection.execute(sa.insert(schema.deliveries), [{k: v for k, v in p.items() if k != "id"} for p in pending])


def buffers_of_a_claim(store: SqlStore, after: UUID | None) -> int:
    """Return how many pages PostgreSQL reads for a claim of five, which is rolled back."""
    seen: list[int] = []
    arguments = {**store._engine.get_execution_options()["postgres_url"].parameters, "options": "-c timezone=UTC"}

    def explain(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        with psycopg.connect(**arguments) as connection:
            explained = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
            ((found,),) = explained.fetchall()
            connection.rollback()
        (plan,) = json.loads(found) if isinstance(found, str) else found
        seen.append(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])

    sa.event.listen(store._engine, "before_cursor_execute", explain)
    claimed = store.outbox.claim("s", limit=5, now=NOW, lease=timedelta(seconds=30), after=after)
    sa.event.remove(store._engine, "before_cursor_execute", explain)
    store.outbox.release(claimed.deliveries)
    assert len(claimed.deliveries) == 5
    return sum(seen)
