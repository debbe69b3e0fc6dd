"""A claim reads each delivery a few times at most, and only the first ones if those are due."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hexaccount_sql import SqlStore, schema

_MANY = 1_000
_NOW = datetime(2027, 1, 1, tzinfo=UTC)
_LATER = _NOW + timedelta(hours=1)
_SQLITE_STEPS = 100

_PENDING: dict[str, Callable[[int], dict[str, Any]]] = {
    "none due": lambda n: {"aggregate_id": UUID(int=n), "due_at": _LATER, "dead_letter": False},
    "all due": lambda n: {"aggregate_id": UUID(int=n), "due_at": None, "dead_letter": False},
    "all of one account": lambda n: {"aggregate_id": _ONE, "due_at": None, "dead_letter": False},
    "behind one not due": lambda n: {"aggregate_id": _ONE, "due_at": _LATER if n == 1 else None, "dead_letter": False},
    "behind dead letters": lambda n: {"aggregate_id": _ONE, "due_at": None, "dead_letter": n < _MANY - 20},
}
_ONE = UUID(int=0)


@pytest.mark.parametrize("analysed", [False, True], ids=["unknown to the planner", "analysed"])
@pytest.mark.parametrize("pending", _PENDING)
def test_a_claim_reads_each_delivery_a_few_times_at_most(store: SqlStore, pending: str, analysed: bool) -> None:
    fill(store, pending, analysed=analysed)
    assert reads(store) < 10 * _MANY


@pytest.mark.parametrize("pending", ["all due", "all of one account"])
def test_a_claim_of_due_deliveries_reads_the_first_ones_only(store: SqlStore, pending: str) -> None:
    fill(store, pending, analysed=True)
    assert reads(store) < _MANY / 2


def fill(store: SqlStore, pending: str, *, analysed: bool) -> None:
    rows = [
        {"subscriber": "s", "event_id": UUID(int=n), "aggregate": "user", "sequence": n, **_PENDING[pending](n)}
        for n in range(1, _MANY + 1)
    ]
    about = {"subject": _ONE, "time": _NOW, "actor": "service", "data": {}}
    common = {"type": "t", "source": "s", "dataschema": "d", **about}
    events = [
        {name: row[name] for name in ("aggregate", "aggregate_id", "sequence")} | {"id": row["event_id"], **common}
        for row in rows
    ]
    with store._engine.connect() as connection:
        connection.execute(sa.insert(schema.journal), events)
        connection.execute(sa.insert(schema.deliveries), rows)
        if analysed:
            connection.exec_driver_sql("ANALYZE")


def claim(store: SqlStore, subscriber: str) -> None:
    store.outbox.claim(subscriber, limit=10, now=_NOW, lease=timedelta(seconds=30))


def reads(store: SqlStore) -> float:
    """Return about how many rows a claim of ten reads."""
    return reads_of_sqlite(store) if store._engine.dialect.name == "sqlite" else reads_of_postgresql(store)


def reads_of_sqlite(store: SqlStore) -> float:
    ticks = [0]

    def tick() -> None:
        ticks[0] += 1

    with store._engine.connect() as connection:
        connection.connection.dbapi_connection.set_progress_handler(tick, _SQLITE_STEPS)
    claim(store, "s")  # on the same connection, the only one of the pool
    return ticks[0] * _SQLITE_STEPS / 50  # a row takes about 50 steps


def reads_of_postgresql(store: SqlStore) -> float:
    seen: list[float] = []
    arguments = {**store._engine.get_execution_options()["postgres_url"].parameters, "options": "-c timezone=UTC"}
    explaining = sa.create_engine("postgresql+psycopg://", connect_args=arguments, poolclass=sa.NullPool)

    def explain(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        with explaining.connect() as connection:  # rolls the statement back
            explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
            ((found,),) = connection.exec_driver_sql(explained, parameters).all()
        (plan,) = json.loads(found) if isinstance(found, str) else found
        seen.append(rows_of(plan["Plan"]))

    sa.event.listen(store._engine, "before_cursor_execute", explain)
    claim(store, "s")
    sa.event.remove(store._engine, "before_cursor_execute", explain)
    return sum(seen)


def rows_of(node: Mapping[str, Any]) -> float:
    """Return how many rows the nodes of a plan have returned or discarded, except those of the journal."""
    if node.get("Relation Name") == "journal":  # small enough for a sequential scan
        return 0
    seen = node["Actual Rows"] + sum(count for name, count in node.items() if name.startswith("Rows Removed"))
    return float(seen * node["Actual Loops"] + sum(map(rows_of, node.get("Plans", []))))
