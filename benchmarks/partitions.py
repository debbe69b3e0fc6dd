"""Run with `python -m benchmarks.partitions`: whether PostgreSQL would gain from a journal partitioned by month.

It fills the journal of the migrations with a year of events about sessions, and then one that is partitioned by ranges
of ids, which begin with their time. It measures how a month is removed, by `DELETE` in batches of 1,000 and `VACUUM`
or by `DROP TABLE` of the partition, and what look-ups and inserts cost in each. The primary key of a partitioned table
has to contain the id, so that it no longer keeps two events from having one sequence.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.servers import Servers
from hexaccount.kernel.identifiers import first_id_at
from tests.servers.postgres import temporary_database

MONTHS = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 13)] + [datetime(2027, 1, 1, tzinfo=UTC)]
BATCH = 1000
LOOK_UPS = 300

# Two events for each session, the second one six days after the first; ids are UUIDv7s of their time.
FILL = """
INSERT INTO journal
SELECT 'session', md5((i / 2)::text)::uuid, 1 + i %% 2, id(at, i),
       CASE i %% 2 WHEN 0 THEN 'hexaccount.session.opened.v1' ELSE 'hexaccount.session.closed.v1' END,
       'urn:hexaccount', md5((i / 20)::text)::uuid, at,
       'urn:hexaccount:schema:hexaccount.session.opened.v1', NULL, NULL,
       json_build_object('user_id', md5((i / 20)::text)::uuid, 'session_id', md5((i / 2)::text)::uuid, 'epoch', 0,
                         'client_address', '192.0.2.7', 'user_agent', repeat('x', 70), 'idle_until', at)
FROM (SELECT i, %(first)s + (i / 2) * 2 * %(step)s::double precision * interval '1 second'
                + (i %% 2) * interval '6 days' AS at
      FROM generate_series(%(begin)s, %(end)s - 1) AS i) AS numbered
"""
ID = """
CREATE FUNCTION id(at timestamptz, i bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8'
        || substr(md5(i::text), 4, 15))::uuid
$$
"""
PARTITIONED = """
ALTER TABLE journal RENAME TO plain;
CREATE TABLE journal (LIKE plain INCLUDING DEFAULTS) PARTITION BY RANGE (id);
DROP TABLE plain;
ALTER TABLE journal ADD PRIMARY KEY (aggregate, aggregate_id, sequence, id);
CREATE UNIQUE INDEX journal_id ON journal (id);
CREATE INDEX journal_subject ON journal (subject, id);
CREATE INDEX journal_type ON journal (type, id);
"""
LOOK_UP = {
    "an event by id": "SELECT * FROM journal WHERE id = %(id)s",
    "the journal of an aggregate": (
        "SELECT * FROM journal WHERE aggregate = 'session' AND aggregate_id = %(aggregate_id)s ORDER BY sequence"
    ),
    "20 events of an account": "SELECT * FROM journal WHERE subject = %(subject)s ORDER BY id LIMIT 20",
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=2_000_000)
    rows = arguments.parse_args().rows
    with Servers() as servers:
        for kind in ("plain", "partitioned"):
            with temporary_database(servers.url("postgresql")) as url:
                migrate(url)
                with psycopg.connect(url, autocommit=True) as connection:
                    measure(connection, kind, rows)


def migrate(url: str) -> None:
    from hexaccount.bootstrap.service import open_service
    from hexaccount.bootstrap.settings import Settings

    with open_service(Settings(store=url)) as service:
        service.store.migrate()


Connection = psycopg.Connection[tuple[Any, ...]]


def measure(connection: Connection, kind: str, rows: int) -> None:
    connection.execute(ID)
    if kind == "partitioned":
        connection.execute(PARTITIONED)
        for number, (begin, end) in enumerate(
            zip(MONTHS, [*MONTHS[1:], datetime(2028, 1, 1, tzinfo=UTC)], strict=True)
        ):
            connection.execute(
                f"CREATE TABLE journal_{number} PARTITION OF journal FOR VALUES FROM "
                f"('{first_id_at(begin)}') TO ('{first_id_at(end)}')"
            )
    step = (MONTHS[-1] - MONTHS[0]).total_seconds() / rows
    seconds, _ = cost(connection, lambda: fill(connection, 0, rows, step))
    connection.execute("VACUUM ANALYZE journal")
    print(f"{kind}, {rows:,} events: filled in {seconds:.0f} s, {size(connection) / 2**20:,.0f} MiB", flush=True)
    look_ups(connection, kind)
    inserts(connection, kind)
    if kind == "partitioned":
        report(connection, kind, "dropping the partition of a month", lambda: drop(connection))
    else:
        report(connection, kind, "deleting a month in batches", lambda: delete(connection))
        report(connection, kind, "VACUUM after it", lambda: connection.execute("VACUUM journal"))
    print(f"{kind}: {size(connection) / 2**20:,.0f} MiB afterwards", flush=True)
    connection.execute("VACUUM ANALYZE journal")
    look_ups(connection, f"{kind}, a month removed")
    if kind == "plain":  # the space is used again
        fill(connection, rows, rows * 13 // 12, step)
        print(f"{kind}: {size(connection) / 2**20:,.0f} MiB with the events of a further month", flush=True)


def fill(connection: Connection, begin: int, end: int, step: float) -> None:
    connection.execute(FILL, {"first": MONTHS[0], "step": step, "begin": begin, "end": end})


def look_ups(connection: Connection, kind: str) -> None:
    chosen = connection.execute(
        "SELECT id, aggregate_id, subject FROM journal TABLESAMPLE SYSTEM (1) LIMIT %s", [LOOK_UPS]
    ).fetchall()
    for name, statement in LOOK_UP.items():
        seconds, buffers = [], []
        for row in chosen:
            values: dict[str, UUID] = dict(zip(("id", "aggregate_id", "subject"), row, strict=True))
            plan = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values).fetchone()
            assert plan is not None
            (found,) = plan[0] if isinstance(plan[0], list) else json.loads(plan[0])
            seconds.append(found["Planning Time"] + found["Execution Time"])
            buffers.append(found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"])
        print(
            f"{kind}, {name}: {statistics.median(buffers):.0f} buffers, {statistics.median(seconds):.3f} ms "
            "with its planning",
            flush=True,
        )


def inserts(connection: Connection, kind: str) -> None:
    """Insert the events of one session at a time, as a commit does."""

    def insert() -> None:
        for number in range(2000):
            connection.execute(
                "INSERT INTO journal SELECT aggregate, md5(%(number)s::text || 'new')::uuid, 1, id(now(), %(number)s),"
                " type, source, subject, now(), dataschema, causation_id, traceparent, data FROM journal"
                " WHERE id = %(from)s",
                {"number": number, "from": one},
            )

    found = connection.execute("SELECT id FROM journal ORDER BY id LIMIT 1").fetchone()
    assert found is not None
    (one,) = found
    report(connection, kind, "2,000 commits of an event", insert)


def delete(connection: Connection) -> None:
    """Remove the first month as the retention worker does: find ids, lock them, look for deliveries, delete."""
    below = first_id_at(MONTHS[1])
    while True:
        found = connection.execute(
            "SELECT id FROM journal WHERE type = ANY(%s) AND id < %s ORDER BY id LIMIT %s",
            [["hexaccount.session.opened.v1", "hexaccount.session.closed.v1"], below, BATCH],
        ).fetchall()
        ids = [row[0] for row in found]
        with connection.transaction():
            connection.execute("SELECT id FROM journal WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED", [ids])
            connection.execute(
                "DELETE FROM journal WHERE id = ANY(%s) AND (SELECT event_id FROM deliveries"
                " WHERE subscriber = 'one' AND event_id = journal.id LIMIT 1) IS NULL",
                [ids],
            )
        if len(ids) < BATCH:
            return


def drop(connection: Connection) -> None:
    connection.execute("DROP TABLE journal_0")


def report(connection: Connection, kind: str, name: str, action: Callable[[], object]) -> None:
    seconds, log = cost(connection, action)
    print(f"{kind}, {name}: {seconds:.2f} s, {log / 2**20:,.1f} MiB of write-ahead log", flush=True)


def cost(connection: Connection, action: Callable[[], object]) -> tuple[float, int]:
    """Return the seconds that an action takes, and the bytes that it adds to the write-ahead log."""
    before, began = position(connection), time.perf_counter()
    action()
    return time.perf_counter() - began, position(connection) - before


def position(connection: Connection) -> int:
    return int(value_of(connection, "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"))


def size(connection: Connection) -> int:
    tables: Sequence[Any] = connection.execute(
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'journal%'"
    ).fetchone() or (0,)
    return int(tables[0])


def value_of(connection: Connection, statement: str) -> Any:
    found = connection.execute(statement).fetchone()
    assert found is not None
    return found[0]


if __name__ == "__main__":
    main()
