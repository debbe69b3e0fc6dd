"""Run with `python -m benchmarks.watched`: what figures and logs cost a request.

On PostgreSQL three services run with two workers each, on one database: one that takes no figures and logs errors only,
one that takes figures, and one that takes figures and logs as it does by default, to a file. Their `GET /api/v1/me` are
loaded in turns. What the workers' processor time for one request comes to is told as well: it changes less from run to
run than requests a second do.
"""

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.servers import Servers
from benchmarks.services import Running, log_in, ours, register
from benchmarks.table import Table
from benchmarks.wrk import wrk

UNWATCHED = {"METRICS__ENABLED": "false", "LOG__LEVEL": "error"}
MEASURED = {"METRICS__ENABLED": "true", "LOG__LEVEL": "error"}
WATCHED = {"METRICS__ENABLED": "true", "LOG__LEVEL": "info"}
SERVICES = {"without": UNWATCHED, "with figures": MEASURED, "with figures and logs": WATCHED}
_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """Return the processor time that the children of a process have used."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    # https://www.kernel.org/doc/html/latest/filesystems/proc.html: the 14th field and the next, the 2nd in brackets
    fields = [Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split() for child in children]
    return sum(int(field[11]) + int(field[12]) for field in fields) / _TICKS


def load(table: Table, name: str, service: Running, token: str, seconds: float) -> None:
    before = processor_seconds(service.pid)
    found = wrk(f"{service.url}/api/v1/me", connections=16, seconds=seconds, token=token)
    assert found.errors == 0
    table.add(f"me/s {name}", found.successes_per_second)
    table.add(f"processor µs for a me {name}", (processor_seconds(service.pid) - before) / found.requests * 1e6)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watched", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=4, help="how long each load takes")
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
            wrk(f"{service.url}/api/v1/me", connections=16, seconds=1, token=token)
        for _ in range(chosen.rounds):
            for name, service in services.items():
                load(table, name, service, token, chosen.seconds)
    for name in ("with figures", "with figures and logs"):
        table.compare(f"me/s {name}", "me/s without", ">= 0.85")
        table.compare(f"processor µs for a me {name}", "processor µs for a me without", "<= 1.15")


if __name__ == "__main__":
    main()
