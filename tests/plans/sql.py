import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

_TRANSACTION_CONTROL = {"BEGIN", "BEGIN IMMEDIATE", "COMMIT", "SET LOCAL statement_timeout = 0"}


def statements_of(action: Callable[[], object], *, borders: bool = False) -> list[tuple[str, Any]]:
    """Return the statements that an action sends through SQLAlchemy, with their parameters.

    With `borders`, they include those that begin, end and configure transactions.
    """
    sent: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if borders or statement not in _TRANSACTION_CONTROL:
            sent.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        action()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    return sent


def plan_of(engine: sa.Engine, statement: str, parameters: Any) -> str:
    """Return the plan of a statement, a line for each step."""
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    return "\n".join(str(row[-1]) for row in rows)


def tables_scanned_in(plan: str) -> list[str]:
    """Return the tables that a plan of PostgreSQL scans sequentially."""
    return re.findall(r"Seq Scan on (\w+)", plan)


def counts(statement: str) -> bool:
    """Return whether a statement counts rows, other than those that it changes itself."""
    return "count(" in re.sub(r"count\(\*\) as \w+\s+from (?:update|delete)_\w+", "", statement.lower())
