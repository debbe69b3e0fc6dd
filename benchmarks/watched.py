"""Run with `python -m benchmarks.watched`: the cost of metrics and logs for a request.

On PostgreSQL three services run with two workers each, on one database: one without metrics that logs errors only, one
with metrics, and one with metrics and the default log, to a file. Their `GET /api/v1/me` are loaded in turns. The
workers' processor time for one request is printed too: it varies less from run to run than requests a second.
"""

import argparse
import tempfile
from contextlib import ExitStack

from benchmarks.processor import processor_seconds
from benchmarks.servers import Servers
from benchmarks.services import HEXACCOUNT, Running, log_in, ours, register
from benchmarks.table import Table
from benchmarks.wrk import wrk

WITHOUT = {"METRICS__ENABLED": "false", "LOG__LEVEL": "error"}
WITH_METRICS = {"METRICS__ENABLED": "true", "LOG__LEVEL": "error"}
WITH_METRICS_AND_LOGS = {"METRICS__ENABLED": "true", "LOG__LEVEL": "info"}
SERVICES = {"without": WITHOUT, "with metrics": WITH_METRICS, "with metrics and logs": WITH_METRICS_AND_LOGS}


def load(table: Table, name: str, service: Running, token: str, seconds: float) -> None:
    before = processor_seconds(service.pid)
    found = wrk(service.url, HEXACCOUNT.me, connections=16, seconds=seconds, token=token)
    assert found.errors == 0
    table.add(f"me/s {name}", found.successes_per_second)
    table.add(f"processor µs for a me {name}", (processor_seconds(service.pid) - before) / found.requests * 1e6)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watched", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=4, help="the length of each load")
    chosen = parser.parse_args()
    table = Table()
    with Servers() as servers, tempfile.TemporaryFile() as log, ExitStack() as stack:
        database = servers.fresh_database("postgresql")
        services = {
            name: stack.enter_context(ours(database, cost=4, workers=2, log=log, **settings))
            for name, settings in SERVICES.items()
        }
        register(services["without"], 1)
        token = log_in(services["without"])
        for service in services.values():
            wrk(service.url, HEXACCOUNT.me, connections=16, seconds=1, token=token)
        for _ in range(chosen.rounds):
            for name, service in services.items():
                load(table, name, service, token, chosen.seconds)
    for name in ("with metrics", "with metrics and logs"):
        table.compare(f"me/s {name}", "me/s without", ">= 0.85")
        table.compare(f"processor µs for a me {name}", "processor µs for a me without", "<= 1.15")


if __name__ == "__main__":
    main()
