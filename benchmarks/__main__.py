"""Run with `python -m benchmarks`: each metric as the median of interleaved rounds, with its limit and its spread."""

import argparse
import sys
from collections.abc import Callable
from functools import partial

from benchmarks.measurements import (
    STORES,
    TURNS,
    measure_latency,
    measure_logins,
    measure_me,
    measure_me_with_redis,
    measure_memory,
    measure_registrations,
    measure_start,
    measure_storm,
)
from benchmarks.peers.comparison import compare
from benchmarks.servers import Servers
from benchmarks.table import Table


def report(table: Table) -> None:
    metrics = table.metrics
    pairs = [
        ("logins/s, cost 12", "raw bcrypt/s, cost 12", ">= 1.6"),
        ("logins/s, cost 4", "raw bcrypt/s, cost 4", ">= 0.40"),
        ("me/s", "bare token and SELECT/s", ">= 0.7"),
        ("me/s", "bare JSON/s", "none"),
        *((f"me/s, {kind} and Redis", f"me/s, {kind}", "none") for kind in STORES),
        *((f"registrations/s, {kind}", f"bare registrations/s, {kind}", ">= 0.5") for kind in STORES),
        ("me p50 ms, 32 clients log in", "me p50 ms, quiet", "none"),
        ("me p99 ms, 32 clients log in", "me p99 ms, quiet", "<= 4"),
        ("accepted logins/s, 64 clients", "raw bcrypt/s, cost 12, before the storm", ">= 1.6"),
        ("accepted logins/s, 64 clients", "raw bcrypt/s beside 40 me/s", "none"),
        ("me p99 ms, 64 clients log in", "me p99 ms, before the storm", "<= 1.5"),
        ("longest wait s, 64 clients", "wait for a full queue s", "<= 1"),
        ("start s", "bare start s", "<= 2.5"),
        ("hexaccount --help s", "python -c pass s", "<= 8"),
    ]
    print()
    for name, limit, aim in pairs:
        if name in metrics:
            table.compare(name, limit, aim)
    if "refused logins/s, 64 clients" in metrics:
        print(f"refused logins/s, 64 clients: {table.show('refused logins/s, 64 clients')}\n")
    for name in ("RSS MiB", "PSS MiB"):
        if name in metrics:
            print(f"{name}, two workers: {table.show(name)}" + (", aim <= 130" if name.startswith("PSS") else ""))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="how long each measurement takes")
    names = (
        "logins12",
        "logins4",
        "me",
        "me-redis",
        "registrations",
        "registrations-mongodb",
        "latency",
        "storm",
        "start",
        "memory",
    )
    parser.add_argument("--only", nargs="*", choices=names, default=names)
    parser.add_argument("--peers", action="store_true", help="compare with what people would pick instead")
    chosen = parser.parse_args()
    if chosen.peers:
        compare(chosen.rounds, chosen.seconds)
        return
    table = Table()
    with Servers() as servers:
        fresh, seconds = partial(servers.fresh_database, "postgresql"), chosen.seconds
        database = fresh()
        measurements: dict[str, Callable[[], None]] = {
            "logins12": lambda: measure_logins(table, fresh(), 12, seconds, turns=1),
            "logins4": lambda: measure_logins(table, fresh(), 4, seconds, turns=TURNS),
            "me": lambda: measure_me(table, database, seconds),
            "me-redis": lambda: measure_me_with_redis(table, servers, seconds),
            "registrations": lambda: measure_registrations(table, fresh(), seconds),
            "registrations-mongodb": lambda: measure_registrations(table, servers.fresh_database("mongodb"), seconds),
            "latency": lambda: measure_latency(table, fresh(), seconds),
            "storm": lambda: measure_storm(table, fresh(), seconds),
            "start": lambda: measure_start(table, database),
            "memory": lambda: measure_memory(table, database),
        }
        for number in range(chosen.rounds):
            print(f"round {number + 1}", file=sys.stderr)
            for name in chosen.only:
                measurements[name]()
    report(table)


main()
