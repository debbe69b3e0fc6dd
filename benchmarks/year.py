"""Run with `python -m benchmarks.year`: how a store grows within a year, and whether it stays as fast.

Time is moved day by day. On two days of three each account is used for an hour, and refreshes its session each quarter
of it. On one such day of ten it logs out and in again, and on one of ninety it changes its profile. Commits are those
of the store, but for all accounts of a day at once. Each day a receiver gets all events and retention runs; each month
the events older than 90 days are archived. At the end of a month it prints sizes, and the processor time of a claim, a
batch of retention and two pages: that of this process, which is all of it on SQLite, and on PostgreSQL the buffers that
the server reads.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import sqlalchemy as sa

from benchmarks.servers import Servers, memory_folder
from benchmarks.services import KEY
from benchmarks.year_of_use import Crowd, MovedIdentifiers
from hexaccount.accounts.list_users import ListUsers
from hexaccount.archive.remove_archived import RemoveArchived
from hexaccount.archive.write_archive import WriteArchive
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, Settings
from hexaccount.events.list_events import ListEvents
from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_sql.connections import open_engine
from tests.plans.sql import statements_of

BEGIN = datetime(2025, 10, 1, tzinfo=UTC)
KEPT = timedelta(days=90)
TIMES = 15


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--accounts", type=int, default=100)
    arguments.add_argument("--months", type=int, default=12)
    arguments.add_argument("--store", choices=["sqlite", "postgresql"], nargs="+", default=["sqlite", "postgresql"])
    chosen = arguments.parse_args()
    for kind in chosen.store:
        with Servers() as servers, TemporaryDirectory(dir=memory_folder()) as folder:
            url = f"sqlite:///{folder}/year.db" if kind == "sqlite" else servers.empty_database(kind)
            live(url, chosen.accounts, chosen.months, Path(folder))


def live(url: str, accounts: int, months: int, folder: Path) -> None:
    clock = AdjustableClock(BEGIN)
    settings = Settings(store=url, jwt=JwtSettings(key=KEY), events=["memory://"])
    with open_service(settings, clock=clock, identifiers=MovedIdentifiers(clock)) as service:
        service.store.migrate()
        service.subscribe()
        crowd = Crowd(service.store, clock)
        crowd.register(accounts)
        service.deliver_all()
        print(f"\n{url.partition(':')[0]}, {accounts:,} accounts\n\n{HEADER}", flush=True)
        archive = Archive(service, folder)
        for month in range(1, months + 1):
            for day in range(30):
                crowd.use()
                if day < 29:
                    service.deliver_all()
                    service.bus.handle(ApplyRetention())
                if day % 7 == 0:
                    tidy(url)
                clock.advance(days=1)
            measure(month, service, url, crowd, archive)


@dataclass
class Archive:
    """The archives of a year, a folder for each month."""

    service: Service
    folder: Path
    events: int = 0
    numbers: Iterator[int] = field(default_factory=count)

    def add(self, before: datetime) -> None:
        folder = self.folder / f"archive-{next(self.numbers):02}"
        manifest = self.service.bus.handle(WriteArchive(before=before, folder=folder))
        for file in manifest.files if manifest else ():
            self.events += self.service.bus.handle(RemoveArchived(folder=folder, file=file))

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.glob("archive-*/*"))


HEADER = (
    "| month | events in the journal | journal MiB | database MiB | events archived | archive MiB "
    "| claim ms | retention ms | page of events ms | page of users ms |\n|---|---|---|---|---|---|---|---|---|---|"
)


def measure(month: int, service: Service, url: str, crowd: Crowd, archive: Archive) -> None:
    """Print the row of a month, whose last day is not delivered and cleared yet."""
    outbox, bus, clock = service.store.outbox, service.bus, crowd.clock
    subscriber = next(each.name for each in service.subscribers if each.name.startswith("memory"))
    user = crowd.accounts[len(crowd.accounts) // 2].user.id

    def claim() -> None:
        outbox.release(outbox.claim(subscriber, limit=50, now=clock.now(), lease=timedelta(seconds=30)).deliveries)

    shown = [
        cost(url, action)
        for action in (
            claim,
            lambda: bus.handle(ApplyRetention(batches=1)),
            lambda: bus.handle(ListEvents(user_id=user)),
            lambda: bus.handle(ListUsers(limit=100, after=user)),
        )
    ]
    service.deliver_all()
    bus.handle(ApplyRetention())
    archive.add(clock.now() - KEPT)
    tidy(url)
    events, journal, database = sizes(url)
    kept = "-" if journal is None else f"{journal / 2**20:.1f}"
    archived = f"{archive.events:,} | {archive.bytes / 2**20:.1f}"
    costs = " | ".join(shown)
    print(f"| {month} | {events:,} | {kept} | {database / 2**20:.1f} | {archived} | {costs} |", flush=True)


def cost(url: str, action: Callable[[], object]) -> str:
    """Return the median milliseconds of this process for an action, and the buffers that PostgreSQL reads for it."""
    sent = statements_of(action)
    times = []
    for _ in range(TIMES):
        began = time.process_time()
        action()
        times.append(time.process_time() - began)
    milliseconds = f"{statistics.median(times) * 1000:.1f}"
    return milliseconds if url.startswith("sqlite") else f"{milliseconds} ({buffers(url, sent):,} buffers)"


def buffers(url: str, sent: list[tuple[str, Any]]) -> int:
    """Return how many buffers statements read; their changes are undone."""
    engine = open_engine(url)
    total = 0
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        for statement, parameters in sent:
            plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
            read = plan.scalar_one()[0]["Plan"]
            total += read["Shared Hit Blocks"] + read["Shared Read Blocks"]
        connection.exec_driver_sql("ROLLBACK")
    engine.dispose()
    return total


def tidy(url: str) -> None:
    """Do what autovacuum does in a week; SQLite uses free pages again by itself."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")


def sizes(url: str) -> tuple[int, int | None, int]:
    """Return the events in the journal, the bytes of its table with indexes where they are known, and all bytes."""
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM journal), pg_total_relation_size('journal'),"
                " pg_database_size(current_database())"
            ).fetchone()
        assert row is not None
        return int(row[0]), int(row[1]), int(row[2])
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        events = connection.exec_driver_sql("SELECT count(*) FROM journal").scalar_one()
        size = connection.exec_driver_sql("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        database = size.scalar_one()
        try:
            found = connection.exec_driver_sql("SELECT sum(pgsize) FROM dbstat WHERE name LIKE '%journal%'")
            journal = found.scalar_one()
        except sa.exc.OperationalError:  # this SQLite was built without dbstat
            journal = None
    engine.dispose()
    return int(events), journal, int(database)


if __name__ == "__main__":
    main()
