"""A claim looks at each delivery a few times at most, and only at the first ones where those are due."""

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

_OWED: dict[str, Callable[[int], dict[str, Any]]] = {
    "none due": lambda n: {"aggregate_id": UUID(int=n), "due_at": _LATER, "set_aside": False},
    "all due": lambda n: {"aggregate_id": UUID(int=n), "due_at": None, "set_aside": False},
    "all of one account": lambda n: {"aggregate_id": _ONE, "due_at": None, "set_aside": False},
    "behind one not due": lambda n: {"aggregate_id": _ONE, "due_at": _LATER if n == 1 else None, "set_aside": False},
    "behind given-up ones": lambda n: {"aggregate_id": _ONE, "due_at": None, "set_aside": n < _MANY - 20},
}
_ONE = UUID(int=0)


@pytest.mark.parametrize("analysed", [False, True], ids=["unknown to the planner", "analysed"])
@pytest.mark.parametrize("owed", _OWED)
def test_a_claim_looks_at_each_delivery_a_few_times_at_most(store: SqlStore, pending: str, analysed: bool) -> None:
    fill(store, pending, analysed=analysed)
    assert looks(store) < 10 * _MANY


@pytest.mark.parametrize("owed", ["all due", "all of one account"])
def test_a_claim_of_what_is_due_looks_at_the_first_ones_only(store: SqlStore, pending: str) -> None:
    fill(store, pending, analysed=True)
    assert looks(store) < _MANY / 2


def fill(store: SqlStore, pending: str, *, analysed: bool) -> None:
    rows = [
        {"subscriber": "s", "event_id": UUID(int=n), "aggregate": "user", "sequence": n, **_OWED[pending](n)}
        for n in range(1, _MANY + 1)
    ]
    told = {"type": "t", "source": "s", "subject": _ONE, "time": _NOW, "dataschema": "d", "data": {}}
    events = [
        {name: row[name] for name in ("aggregate", "aggregate_id", "sequence")} | {"id": row["event_id"], **told}
        for row in rows
    ]
    with store._engine.connect() as connection:
        connection.execute(sa.insert(schema.journal), events)
        connection.execute(sa.insert(schema.deliveries), rows)
        if analysed:
            connection.exec_driver_sql("ANALYZE")


def claim(store: SqlStore, subscriber: str) -> None:
    store.outbox.claim(subscriber, limit=10, now=_NOW, lease=timedelta(seconds=30))


def looks(store: SqlStore) -> float:
    """Return about how many rows are looked at by the claim of ten."""
    return looks_of_sqlite(store) if store._engine.dialect.name == "sqlite" else looks_of_postgresql(store)


def looks_of_sqlite(store: SqlStore) -> float:
    ticks = [0]

    def tick() -> None:
        ticks[0] += 1

    with store._engine.connect() as connection:
        connection.connection.dbapi_connection.set_progress_handler(tick, _SQLITE_STEPS)
    claim(store, "s")  # on the same connection, as there is no other
    return ticks[0] * _SQLITE_STEPS / 50  # about as many steps make a row


def looks_of_postgresql(store: SqlStore) -> float:
    seen: list[float] = []
    database = store._engine.url.set(drivername="postgresql+psycopg")
    explaining = sa.create_engine(database, connect_args={"options": "-c timezone=UTC"}, poolclass=sa.NullPool)

    def explain(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        with explaining.connect() as connection:  # which is rolled back
            explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
            ((found,),) = connection.exec_driver_sql(explained, parameters).all()
        (plan,) = json.loads(found) if isinstance(found, str) else found
        seen.append(rows_of(plan["Plan"]))

    sa.event.listen(store._engine, "before_cursor_execute", explain)
    claim(store, "s")
    sa.event.remove(store._engine, "before_cursor_execute", explain)
    return sum(seen)


def rows_of(node: Mapping[str, Any]) -> float:
    """Return how many rows the nodes of a plan have passed on or thrown away, but for those of the journal."""
    if node.get("Relation Name") == "journal":  # so small here that it is read whole
        return 0
    seen = node["Actual Rows"] + sum(count for name, count in node.items() if name.startswith("Rows Removed"))
    return float(seen * node["Actual Loops"] + sum(map(rows_of, node.get("Plans", []))))
