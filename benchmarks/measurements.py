"""The measurements of `python -m benchmarks`: each adds its metrics of one round to the table."""

import os
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

from benchmarks.bare_registrations import registrations_per_second
from benchmarks.latency import me_latency
from benchmarks.memory import memory_mib
from benchmarks.operations import get
from benchmarks.raw_bcrypt import checks_per_second, nice_checks_per_second
from benchmarks.raw_store import RawStore, open_raw_store
from benchmarks.servers import Servers
from benchmarks.services import HEXACCOUNT, PASSWORD_QUEUE, bare, console, environment, log_in, ours, register
from benchmarks.storm import RAMP, RunningStorm
from benchmarks.table import Table
from benchmarks.wrk import wrk, wrk_beside
from hexaccount_security import MOST_LANES

STORES = ("postgresql", "mongodb")
TURNS = 5
"""Turns in a round: the measurements to compare alternate, as the machine's speed drifts by a fifth in a minute."""


def measure_logins(table: Table, database: str, cost: int, seconds: float, turns: int) -> None:
    with ours(database, cost=cost) as service:
        register(service, 32)
        log_in(service)  # one login as warm-up: what a load leaves in the queue would count for the next load
        for _ in range(turns):
            table.add(f"raw bcrypt/s, cost {cost}", checks_per_second(cost, seconds))
            logins = wrk(service.url, HEXACCOUNT.log_in, connections=32, seconds=seconds)
            table.add(f"logins/s, cost {cost}", logins.successes_per_second)
            time.sleep(0.3 if cost < 8 else 5)  # until the queue is empty


def measure_me(table: Table, database: str, seconds: float) -> None:
    with ours(database, cost=4) as service, bare(database) as limit:
        register(service, 32)
        token = log_in(service)
        targets = {
            "me/s": (service.url, HEXACCOUNT.me),
            "bare token and SELECT/s": (limit.url, get("/me")),
            "bare JSON/s": (limit.url, get("/json")),
        }
        for url, operation in targets.values():
            wrk(url, operation, connections=16, seconds=1, token=token)
        for _ in range(TURNS):
            for name, (url, operation) in targets.items():
                seen = wrk(url, operation, connections=16, seconds=seconds, token=token)
                table.add(name, seen.successes_per_second)


def measure_me_with_redis(table: Table, servers: Servers, seconds: float) -> None:
    with ExitStack() as running:
        targets: dict[str, tuple[str, str]] = {}
        for kind in STORES:
            database = servers.fresh_database(kind)
            service = running.enter_context(ours(database, cost=4))
            cached = running.enter_context(ours(database, cost=4, CACHE=servers.url("redis")))
            register(service, 32)
            token = log_in(service)
            targets[f"me/s, {kind}"] = service.url, token
            targets[f"me/s, {kind} and Redis"] = cached.url, token
        for url, token in targets.values():
            wrk(url, HEXACCOUNT.me, connections=16, seconds=1, token=token)
        for _ in range(TURNS):
            for name, (url, token) in targets.items():
                seen = wrk(url, HEXACCOUNT.me, connections=16, seconds=seconds, token=token)
                table.add(name, seen.successes_per_second)


def measure_registrations(table: Table, database: str, seconds: float) -> None:
    kind = urlsplit(database).scheme
    with ours(database, cost=4) as service, open_raw_store(database) as store:
        _register_many(service.url, 1)
        for _ in range(TURNS):
            table.add(f"bare registrations/s, {kind}", registrations_per_second(database, 4, seconds))
            _wait_for_profiles(store)
            before, began = store.count("profiles"), time.perf_counter()
            _register_many(service.url, seconds)
            _wait_for_profiles(store)
            created = store.count("profiles") - before
            table.add(f"registrations/s, {kind}", created / (time.perf_counter() - began))


def measure_latency(table: Table, database: str, seconds: float) -> None:
    with ours(database, cost=12) as service:
        register(service, 32)
        token = log_in(service)
        me_latency(service.url, HEXACCOUNT.me, token, seconds=1)
        quiet = me_latency(service.url, HEXACCOUNT.me, token, seconds=seconds)
        with wrk_beside(service.url, HEXACCOUNT.log_in, connections=32, seconds=seconds + 3):
            time.sleep(1.5)
            busy = me_latency(service.url, HEXACCOUNT.me, token, seconds=seconds)
        table.add("me p50 ms, quiet", quiet.p50)
        table.add("me p50 ms, 32 clients log in", busy.p50)
        table.add("me p99 ms, quiet", quiet.p99)
        table.add("me p99 ms, 32 clients log in", busy.p99)


def measure_storm(table: Table, database: str, seconds: float) -> None:
    with ours(database, cost=12) as service:
        register(service, 32)
        token = log_in(service)
        raw = checks_per_second(12, seconds)
        table.add("raw bcrypt/s, cost 12, before the storm", raw)
        me_latency(service.url, HEXACCOUNT.me, token, seconds=1)
        # The requests take processor time from raw bcrypt, as they take it from the hashes of logins.
        with ThreadPoolExecutor(1) as beside:
            checks = beside.submit(nice_checks_per_second, 12, seconds)
            me_latency(service.url, HEXACCOUNT.me, token, seconds=seconds)
        table.add("raw bcrypt/s beside 40 me/s", checks.result())
        quiet = me_latency(service.url, HEXACCOUNT.me, token, seconds=seconds)
        storm = RunningStorm(service.url, HEXACCOUNT.log_in, clients=64, seconds=seconds)
        time.sleep(RAMP)
        busy = me_latency(service.url, HEXACCOUNT.me, token, seconds=seconds)
        seen = storm.result()
        table.add("me p99 ms, before the storm", quiet.p99)
        table.add("me p99 ms, 64 clients log in", busy.p99)
        table.add("accepted logins/s, 64 clients", seen.accepted_per_second)
        table.add("refused logins/s, 64 clients", seen.refused_per_second)
        table.add("longest wait s, 64 clients", seen.longest)
        table.add("wait for a full queue s", login_capacity(workers=2) / seen.accepted_per_second)


def login_capacity(workers: int) -> int:
    """Return how many logins the service accepts at once: those in the queues and those in work."""
    return workers * (PASSWORD_QUEUE + MOST_LANES * (os.cpu_count() or 1) + 2)


def measure_start(table: Table, database: str) -> None:
    with bare(database) as limit:
        table.add("bare start s", limit.start)
    with ours(database, cost=4) as service:
        table.add("start s", service.start)
    table.add("python -c pass s", _time([sys.executable, "-c", "pass"], database))
    table.add("hexaccount --help s", _time(console("--help"), database))


def measure_memory(table: Table, database: str) -> None:
    with ours(database, cost=4) as service:
        register(service, 32)
        token = log_in(service)
        wrk(service.url, HEXACCOUNT.log_in, connections=32, seconds=2)
        wrk(service.url, HEXACCOUNT.me, connections=16, seconds=2, token=token)
        rss, pss = memory_mib(service.pid)
        table.add("RSS MiB", rss)
        table.add("PSS MiB", pss)


def _register_many(url: str, seconds: float) -> None:
    wrk(url, HEXACCOUNT.register, connections=32, seconds=seconds, prefix=f"r{uuid.uuid4().hex}x", names=0)


def _wait_for_profiles(store: RawStore) -> None:
    while store.count("profiles") < store.count("users"):
        time.sleep(0.02)


def _time(command: list[str], database: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment(database, 4), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
