"""Run with `python -m benchmarks.interleaved --a PYTHON --b PYTHON`: whether B costs more than A.

A and B are the Python programs of two environments, each with a checkout of the service. In every round both are
restarted, as two processes of the same code differ, and serve with one worker, each on a separate database. They take
turns as A, B, B, A: `GET /me`, refreshes, logins and registrations at cost 4, each by the processor time of the service
for one request. Starts are measured by the seconds and the processor time until the first 200, and the memory after a
few requests. Each metric is printed with the ratio B / A and its 95 % interval over the rounds; B is worse with
certainty if the whole interval lies above the bound.
"""

import argparse
import http.client
import itertools
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.memory import memory_mib
from benchmarks.operations import get
from benchmarks.processor import processor_seconds, settled_processor_seconds
from benchmarks.relative_difference import RelativeDifference, relative_difference
from benchmarks.servers import Servers, memory_folder
from benchmarks.services import PASSWORD, Running, environment, log_in, register, running
from tests.servers.ports import free_port

BOUND = 0.03
ACCOUNTS = 32
REQUESTS = {"me": 200, "refreshes": 100, "logins": 75, "registrations": 50}
"""The number of requests in a turn."""
UNITS = {
    **dict.fromkeys(REQUESTS, "µs of processor time each"),
    "start": "s to the first 200",
    "start, processor": "s of processor time to the first 200",
    "memory": "MiB (PSS)",
}
_TURNS = "ABBA" * 2


@dataclass
class Side:
    """One of the two environments, its database, and its metrics by name, with a value for each round."""

    python: Path
    database: str
    metrics: dict[str, list[float]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @contextmanager
    def serving(self) -> Iterator["Turns"]:
        """Serve until the block ends, and yield the turns of this round."""
        port = free_port()
        command = self._command("http", "--port", str(port), "--workers", "1")
        with running(command, port, get("/health"), self._environment()) as service:
            found = {"start": service.start, "start, processor": processor_seconds(service.pid)}
            register(service, ACCOUNTS)
            turns = Turns(service, self._numbers, found)
            for kind, count in REQUESTS.items():
                turns.send(kind, count)
            settled_processor_seconds(service.pid)
            found["memory"] = memory_mib(service.pid)[1]
            yield turns

    def add(self, found: dict[str, float]) -> None:
        """Add the metrics of a round."""
        for name, value in found.items():
            self.metrics.setdefault(name, []).append(value)

    def migrate(self) -> None:
        """Create the schema."""
        subprocess.run(self._command("migrate"), env=self._environment(), check=True, stdout=subprocess.DEVNULL)

    def _command(self, *arguments: str) -> list[str]:
        return [str(self.python.with_name("hexaccount")), *arguments]

    def _environment(self) -> dict[str, str]:
        return environment(self.database, cost=4)


class Turns:
    """Sends requests to a service and adds up their cost; raises AssertionError if one is refused."""

    def __init__(self, service: Running, numbers: Iterator[int], found: dict[str, float]) -> None:
        self.found = found
        self._pid, self._url, self._numbers = service.pid, urlsplit(service.url).netloc, numbers
        self._bearer = {"Authorization": f"Bearer {log_in(service)}"}
        self._refresh = ""

    def run(self, kind: str) -> None:
        """Run one turn, and add its share to the mean."""
        before = settled_processor_seconds(self._pid)
        self.send(kind, REQUESTS[kind])
        used = settled_processor_seconds(self._pid) - before
        share = used / REQUESTS[kind] / (len(_TURNS) / 2) * 1e6
        self.found[kind] = self.found.get(kind, 0) + share

    def send(self, kind: str, count: int) -> None:
        """Send `count` requests one after the other."""
        with closing(http.client.HTTPConnection(self._url, timeout=60)) as connection:
            for _ in range(count):
                self._one(kind, connection)

    def _one(self, kind: str, connection: http.client.HTTPConnection) -> None:
        number, as_json = next(self._numbers), {"Content-Type": "application/json"}
        if kind == "me":
            connection.request("GET", "/api/v1/me", headers=self._bearer)
        elif kind == "logins":
            body = {"user_name": f"bench{number % ACCOUNTS}", "password": PASSWORD}
            connection.request("POST", "/api/v1/public/login", json.dumps(body), as_json)
        elif kind == "refreshes":
            if not self._refresh:
                self._one("logins", connection)
            connection.request("POST", "/api/v1/public/refresh", json.dumps({"refresh": self._refresh}), as_json)
        else:
            body = {"user_name": f"new{number}", "email": f"new{number}@example.org", "password": PASSWORD}
            body |= {"first_name": "B", "last_name": "M"}
            connection.request("POST", "/api/v1/public/register", json.dumps(body), as_json)
        answer = connection.getresponse()
        document = answer.read()
        assert answer.status < 300, answer.status
        if kind in {"logins", "refreshes"}:
            self._refresh = json.loads(document)["data"]["refresh"]


def measure(a: Side, b: Side, rounds: int, kinds: list[str]) -> None:
    """Measure in rounds; the first does not count, as it may compile modules."""
    for number in range(rounds + 1):
        with ExitStack() as stack:
            order = "AB" if number % 2 else "BA"
            serving = {name: stack.enter_context({"A": a, "B": b}[name].serving()) for name in order}
            for kind in kinds if number else ():
                for name in _TURNS:
                    serving[name].run(kind)
        if number:
            a.add(serving["A"].found)
            b.add(serving["B"].found)
            ratios = (f"{name} {b.metrics[name][-1] / a.metrics[name][-1]:.3f}" for name in a.metrics)
            print(f"round {number}: {', '.join(ratios)}", file=sys.stderr, flush=True)


def report(a: Side, b: Side) -> int:
    """Print a line for each metric; return 1 if one of B is worse with certainty."""
    worse = 0
    print(f"{'metric':18}{'A':>10}{'B':>10}   {'B / A':8}95 % interval")
    for name in a.metrics:
        found = relative_difference(b.metrics[name], a.metrics[name])
        worse = max(worse, found.low > BOUND)
        ratio = f"{1 + found.value:<8.3f}{1 + found.low:.3f} to {1 + found.high:.3f}"
        print(f"{name:18}{found.theirs:10.4g}{found.ours:10.4g}   {ratio}, {_verdict(found)}; {UNITS[name]}")
    return worse


def _verdict(found: RelativeDifference) -> str:
    if found.low > BOUND:
        return f"worse by more than {BOUND:.0%}"
    if found.low > 0:
        return f"higher, not for sure by {BOUND:.0%}"
    return "lower" if found.high < 0 else "no difference"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interleaved", description=__doc__)
    parser.add_argument("--a", type=Path, required=True, metavar="PYTHON")
    parser.add_argument("--b", type=Path, required=True, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=16, help="an even number: the order of starting alternates")
    parser.add_argument("--store", choices=("sqlite", "postgresql", "mongodb"), default="sqlite")
    parser.add_argument("--only", nargs="*", choices=tuple(REQUESTS), default=tuple(REQUESTS))
    chosen = parser.parse_args()
    with Servers() as servers, tempfile.TemporaryDirectory(dir=memory_folder()) as folder:
        databases = [
            f"sqlite:///{folder}/{name}.db" if chosen.store == "sqlite" else servers.empty_database(chosen.store)
            for name in "ab"
        ]
        a, b = Side(chosen.a.absolute(), databases[0]), Side(chosen.b.absolute(), databases[1])
        a.migrate()
        b.migrate()
        measure(a, b, chosen.rounds, chosen.only)
    return report(a, b)


if __name__ == "__main__":
    sys.exit(main())
