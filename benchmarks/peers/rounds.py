"""The measurements of a round: each contestant serves at each cost, in a new order for each."""

import random
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.latency import me_latency
from benchmarks.memory import memory_mib
from benchmarks.operations import Operation, connect, found_at
from benchmarks.peers.contestant import Contestant, prefix_of
from benchmarks.processor import processor_seconds, settled_processor_seconds
from benchmarks.services import Running
from benchmarks.storm import RAMP, RunningStorm
from benchmarks.table import Table
from benchmarks.wrk import wrk

COSTS = (12, 10, 4)
LOGINS = {cost: f"logins, cost {cost}" for cost in COSTS}
REGISTRATIONS = "registrations, cost 4"
ME = "me"
REFRESHES = "refreshes"
USERS = "users?limit=100"
START = "start ms"
PSS = "PSS MiB"
QUIET_P50, QUIET_P99 = "me p50 ms, quiet", "me p99 ms, quiet"
STORM_P50, STORM_P99 = "me p50 ms, storm", "me p99 ms, storm"
_CLIENTS = 16
_STORMING = 32
_REFRESHING = 4
_WARM_UP = 1.0


def metric(contestant: str, name: str) -> str:
    """Return the name that a contestant's metric has in the table."""
    return f"{contestant}: {name}"


def per_second(operation: str) -> str:
    """Return the metric of the operation's throughput."""
    return f"{operation}/s"


def processor(operation: str) -> str:
    """Return the metric of the processor time for one operation, of service and database together."""
    return f"{operation}, processor ms"


def per_processor_second(operation: str) -> str:
    """Return the metric of the operations in a second of processor time, of service and database together."""
    return f"{operation} per processor second"


def prepare(contestants: Sequence[Contestant]) -> None:
    """Have each register its accounts and be started once, so that no start that is measured compiles modules."""
    for contestant in contestants:
        contestant.create_schema()
        for cost in COSTS:
            with contestant.serving(cost) as service:
                contestant.log_in(service, cost)


def measure_round(
    table: Table, contestants: Sequence[Contestant], database_server: int, seconds: float, order: random.Random
) -> None:
    """Add the metrics of a round to the table; `database_server` is a process id.

    Raises RuntimeError if a response has another status than it should have.
    """
    for cost in COSTS:
        for contestant in order.sample(contestants, len(contestants)):
            with contestant.serving(cost) as service:
                turn = _Turn(table, contestant, service, database_server, seconds)
                turn.add(START, service.start * 1000)
                contestant.log_in(service, cost)
                turn.measure(cost)


@dataclass(frozen=True)
class _Turn:
    """One contestant's part of a round at one cost."""

    table: Table
    contestant: Contestant
    service: Running
    database_server: int
    seconds: float

    def add(self, name: str, value: float) -> None:
        self.table.add(metric(self.contestant.name, name), value)

    def measure(self, cost: int) -> None:
        if cost == 4:
            self._cheap_operations()
        else:
            self._slow_logins(cost)
        if cost == 12:
            self._latency(cost)

    def _cheap_operations(self) -> None:
        api = self.contestant.api
        self._load(LOGINS[4], api.log_in, prefix=prefix_of(4))
        self._load(ME, api.me)
        if api.refresh:
            self._refreshes(api.refresh)
        self._load(REGISTRATIONS, api.register, prefix=f"r{uuid.uuid4().hex[:12]}x", names=0)
        if api.users:
            self._load(USERS, api.users)
        self.add(PSS, memory_mib(self.service.pid)[1])

    def _load(self, name: str, operation: Operation, *, prefix: str = "", names: int = 32) -> None:
        token = "" if operation.body else self.contestant.token

        def load(seconds: float, prefix: str) -> tuple[int, float]:
            found = wrk(
                self.service.url,
                operation,
                connections=_CLIENTS,
                seconds=seconds,
                token=token,
                prefix=prefix,
                names=names,
            )
            if found.errors:
                raise RuntimeError(f"{self.contestant.name}: {found.errors} of {found.requests} {name} were refused")
            return found.requests, found.seconds

        load(_WARM_UP, f"w{prefix}" if names == 0 else prefix)
        with self._processor_time(name) as done:
            requests, seconds = load(self.seconds, prefix)
            done.append(requests)
        self.add(per_second(name), requests / seconds)

    def _slow_logins(self, cost: int) -> None:
        with self._processor_time(LOGINS[cost]) as done:
            storm = self._storm(cost, _CLIENTS).result()
            if storm.refused_per_second:
                raise RuntimeError(f"{self.contestant.name} refused logins of {_CLIENTS} clients")
            done.append(storm.accepted)
        self.add(per_second(LOGINS[cost]), storm.accepted_per_second)

    def _latency(self, cost: int) -> None:
        url, me, token = self.service.url, self.contestant.api.me, self.contestant.token
        quiet = me_latency(url, me, token, seconds=self.seconds)
        storm = self._storm(cost, _STORMING)
        time.sleep(RAMP)
        busy = me_latency(url, me, token, seconds=self.seconds)
        storm.result()
        for name, value in (
            (QUIET_P50, quiet.p50),
            (QUIET_P99, quiet.p99),
            (STORM_P50, busy.p50),
            (STORM_P99, busy.p99),
        ):
            self.add(name, value)

    def _storm(self, cost: int, clients: int) -> RunningStorm:
        log_in = self.contestant.api.log_in
        return RunningStorm(self.service.url, log_in, clients=clients, seconds=self.seconds, prefix=prefix_of(cost))

    def _refreshes(self, refresh: Operation) -> None:
        api, url = self.contestant.api, self.service.url

        def client(number: int) -> int:
            connection, count = connect(url), 0
            token = found_at(api.refresh_token, api.log_in.content(connection, name=f"{prefix_of(4)}{number}"))
            all_at_once.wait()  # all have logged in
            all_at_once.wait()
            ends = time.perf_counter() + self.seconds
            while time.perf_counter() < ends:
                content = refresh.content(connection, token=token)
                token = found_at(api.next_refresh_token, content) if api.next_refresh_token else token
                count += 1
            return count

        all_at_once = threading.Barrier(_REFRESHING + 1, timeout=120)
        with ThreadPoolExecutor(_REFRESHING) as threads:
            counts = [threads.submit(client, number) for number in range(_REFRESHING)]
            all_at_once.wait()
            with self._processor_time(REFRESHES) as done:
                all_at_once.wait()
                done += [count.result() for count in counts]
        self.add(per_second(REFRESHES), sum(done) / self.seconds)

    @contextmanager
    def _processor_time(self, name: str) -> Iterator[list[int]]:
        """Add the processor time for one of the requests, whose numbers the block appends to the list."""
        done: list[int] = []
        before = self._used()
        yield done
        used = self._used() - before
        self.add(processor(name), used / sum(done) * 1000)
        self.add(per_processor_second(name), sum(done) / used)

    def _used(self) -> float:
        return settled_processor_seconds(self.service.pid, within=3) + processor_seconds(self.database_server)
