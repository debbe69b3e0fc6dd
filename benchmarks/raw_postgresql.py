import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql

from benchmarks.raw_store import Plan, RawStore
from hexaccount.accounts.user import User
from hexaccount.accounts.users import USERS
from hexaccount_sql.connections import open_engine
from hexaccount_sql.record_tables import table_of
from tests.plans.sql import counts, plan_of, statements_of, tables_scanned_in

table = table_of(USERS)


@contextmanager
def open_raw_postgresql(url: str) -> Iterator[RawStore]:
    with psycopg.connect(url, autocommit=True) as connection:
        engine = open_engine(url)
        yield RawPostgresql(connection, engine)
        engine.dispose()


@dataclass
class RawPostgresql(RawStore):
    connection: psycopg.Connection[tuple[Any, ...]]
    engine: sa.Engine
    _scans_before: int = 0
    _reads_before: tuple[int, int] = (0, 0)

    def fill(self, users: Iterable[User]) -> None:
        columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
        copying = sql.SQL("COPY users ({}) FROM STDIN").format(columns)
        with self.connection.cursor() as cursor, cursor.copy(copying) as copy:
            for user in users:
                copy.write_row(
                    [json.dumps(each) if isinstance(each, tuple) else each for each in (*USERS.dump(user), 1)]
                )
        self.connection.execute("VACUUM (ANALYZE) users")
        self.connection.execute("SELECT pg_stat_force_next_flush()")  # or its reads would be counted later
        self._scans_before, self._reads_before = self._scans(), self._reads()

    def count(self, kind: str) -> int:
        return int(self._row(f"SELECT count(*) FROM {kind}")[0])

    def plans(self, action: Callable[[], object]) -> list[Plan]:
        return [self._plan(statement, parameters) for statement, parameters in statements_of(action)]

    def scans(self) -> int:
        return self._scans() - self._scans_before

    def cached(self) -> str:
        before, after = self._reads_before, self._reads()
        hits, reads = after[0] - before[0], after[1] - before[1]
        (size,) = self._row("SHOW shared_buffers")
        (data,) = self._row("SELECT pg_size_pretty(pg_total_relation_size('users'))")
        return (
            f"{hits / max(hits + reads, 1):.1%} of {hits + reads} pages in shared buffers of {size}, users take {data}"
        )

    def _plan(self, statement: str, parameters: Any) -> Plan:
        plan = plan_of(self.engine, statement, parameters)
        faults = [f"reads all of {name}" for name in tables_scanned_in(plan)]
        if counts(statement):
            faults.append("counts")
        steps = (re.sub(r"\(cost.*|^\s*->", "", line).strip() for line in plan.splitlines())
        return Plan(" < ".join(steps), tuple(faults))

    def _scans(self) -> int:
        return int(self._row("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'users'")[0])

    def _reads(self) -> tuple[int, int]:
        hits, reads = self._row(
            "SELECT heap_blks_hit + idx_blks_hit, heap_blks_read + idx_blks_read FROM pg_statio_user_tables "
            "WHERE relname = 'users'"
        )
        return int(hits), int(reads)

    def _row(self, statement: str) -> tuple[Any, ...]:
        row = self.connection.execute(statement).fetchone()
        assert row, statement
        return row
