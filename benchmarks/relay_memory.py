"""Run with `python -m benchmarks.relay_memory`: whether the memory of a relay stays the same, however much it delivers.

A backlog of 200,000 events is pending for Kafka on PostgreSQL, and one `hexaccount relay` delivers it. Its PSS and the
number of acknowledged deliveries are sampled every second. The result is the slope of a linear fit of the second half,
in MiB for 100,000 events: in the first half pools and caches fill.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import psycopg

from benchmarks.journals import fill, publishing_to, setting_of
from benchmarks.memory import memory_mib
from benchmarks.servers import Servers
from benchmarks.services import relaying
from benchmarks.table import Table
from tests.servers.kafka import running_kafka, temporary_topic

EVENTS_EACH = 100
SLOPE = "MiB of PSS for 100,000 events, second half"
PSS = "MiB of PSS at the end"


def measure(table: Table, database: str, topic: str, events: int, every: float) -> None:
    """Add the slope and the last size to the table."""
    with publishing_to(database, topic) as service:
        fill(service, accounts=events // EVENTS_EACH, events_each=EVENTS_EACH)
    with psycopg.connect(database, autocommit=True) as connection:
        pending = _pending(connection)
        seen: list[tuple[int, float]] = []
        with relaying(database, EVENTS=setting_of(topic)) as pid:
            while left := _pending(connection):
                seen.append((pending - left, memory_mib(pid)[1]))
                time.sleep(every)
            seen.append((pending, memory_mib(pid)[1]))
    second_half = [(delivered, size) for delivered, size in seen if delivered >= pending / 2]
    slope, _ = statistics.linear_regression(*zip(*second_half, strict=True))
    table.add(SLOPE, 100_000 * slope)
    table.add(PSS, seen[-1][1])


def _pending(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute("SELECT count(*) FROM deliveries").fetchone()
    assert row
    return row[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.relay_memory", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--every", type=float, default=1, help="seconds between two samples")
    chosen = parser.parse_args()
    table = Table()
    with (
        Servers() as servers,
        tempfile.TemporaryDirectory() as folder,
        running_kafka(Path(folder)) as kafka,
        temporary_topic(kafka) as topic,
    ):
        measure(table, servers.fresh_database("postgresql"), topic, chosen.events, chosen.every)
    print(f"{SLOPE}: {table.show(SLOPE)}, aim <= 1")
    print(f"{PSS}: {table.show(PSS)}")


if __name__ == "__main__":
    main()
