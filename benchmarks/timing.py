"""Run with `python -m benchmarks.timing`: whether the time of a refused login reveals that an account exists.

Twelve clients send one login after another: an existing name with a wrong password, an unknown name, a disabled account
with its right password, an existing name whose stored hash has a lower cost. Other existing names with a wrong password
show how much two equal kinds seem to differ. Each client sends one of each in every round, in a new order. So all
clients are measured, what they wait for is that of all kinds alike, and most hashes are ones of a batch of four; with
`--connections 1` each is computed alone. Every kind has as many names, which come again as often, and no others use
them: an account at which others log in at this moment has rows that others lock. Cost 8 instead of 12 gives sixteen
times as many samples, and gives differences besides the hash sixteen times the weight.

Then one client sends groups of logins of one kind, for the processor time of service and database, which a busy machine
changes less. The service is restarted with the default limits, and an existing and an unknown name that are limited are
compared: no hash is computed for either. At last the engine alone computes batches of one to four, by processor time:
in one of them, one hash is of a lower cost.
"""

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from tempfile import TemporaryFile

from benchmarks.operations import connect
from benchmarks.processor import postgresql_server, processor_seconds
from benchmarks.relative_difference import relative_difference
from benchmarks.servers import Servers
from benchmarks.services import KEY, PASSWORD, Running, ours, register
from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.get_user import GetUser
from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.passwords.set_password import SetPassword
from hexaccount_security import BcryptEngine, choose_engine
from hexaccount_security.bcrypt_engines import BcryptInput

COST = 8
LOWER = PasswordSettings(cost=COST - 2)
ACCOUNTS = 32
BOUND = 0.05
LIMITED = 429
TRIES_TO_BE_LIMITED = 50
WARM_UP = 3
"""The first rounds of each client, which do not count."""
GROUP = 10
"""The number of logins whose processor time is measured at once."""
WRONG = "not the right password"


@dataclass
class Kind:
    """A kind of refused login: its names, its password, its status, and the milliseconds of each."""

    name: str
    user_names: Iterator[str]
    password: str = WRONG
    status: int = 401
    milliseconds: list[float] = field(default_factory=list)


class Client:
    """Sends logins over one connection, each with another forwarded address, as limits count by address."""

    def __init__(self, service: Running, number: int = 0) -> None:
        self._connection = connect(service.url)
        self._addresses = (f"10.{number}.{high}.{low}" for high in itertools.cycle(range(256)) for low in range(1, 255))

    def log_in(self, user_name: str, password: str, *, address: str = "") -> tuple[int, float]:
        """Return the status and the milliseconds."""
        body = json.dumps({"user_name": user_name, "password": password})
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address or next(self._addresses)}
        began = time.perf_counter()
        self._connection.request("POST", "/api/v1/public/login", body, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, (time.perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.timing", description=__doc__)
    parser.add_argument("--seconds", type=float, default=160, help="three quarters as long take the other parts")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--connections", type=int, default=12, help="the number of clients that log in at once")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE", help="as JWT__ISSUER=me")
    chosen = parser.parse_args()
    settings = dict(setting.split("=", 1) for setting in chosen.setting)
    settings.setdefault("HTTP__TRUSTED_PROXIES", '["127.0.0.1"]')
    with Servers() as servers, TemporaryFile() as log:
        database = servers.fresh_database("postgresql")
        serving = partial(ours, database, cost=COST, workers=chosen.workers, log=log, **settings)
        with serving() as service:
            kinds = refused_kinds(service, database)
            comparisons = measure(service, kinds, chosen.seconds, chosen.connections)
            comparisons += measure_processor(service, postgresql_server(database), kinds, chosen.seconds / 4)
        with serving(LIMITS__FACTOR="1") as service:
            comparisons.append(measure_limited(service, chosen.seconds / 4))
    comparisons += measure_engine(chosen.seconds / 4)
    sys.exit(report(comparisons))


def refused_kinds(service: Running, database: str) -> list[Kind]:
    """Return the kinds, the first of which is compared with the others, and make their accounts."""
    register(service, 4 * ACCOUNTS)
    existing = [f"bench{number}" for number in range(4 * ACCOUNTS)]
    with open_service(Settings(store=database, jwt=JwtSettings(key=KEY))) as admin:
        for name in existing[ACCOUNTS : 2 * ACCOUNTS]:
            user = admin.bus.handle(GetUser(reference=name))
            admin.bus.handle(DisableUser(user_id=user.id))
    with open_service(Settings(store=database, jwt=JwtSettings(key=KEY), password=LOWER)) as admin:
        for name in existing[2 * ACCOUNTS : 3 * ACCOUNTS]:
            user = admin.bus.handle(GetUser(reference=name))
            admin.bus.handle(SetPassword.of_text(user_id=user.id, password=PASSWORD))
    unknown = [f"unknown{number}" for number in range(ACCOUNTS)]
    return [
        Kind("wrong password", itertools.cycle(existing[:ACCOUNTS])),
        Kind("wrong, other accounts", itertools.cycle(existing[3 * ACCOUNTS :])),
        Kind("unknown name", itertools.cycle(unknown)),
        Kind("disabled account", itertools.cycle(existing[ACCOUNTS : 2 * ACCOUNTS]), PASSWORD),
        Kind("hash of a lower cost", itertools.cycle(existing[2 * ACCOUNTS : 3 * ACCOUNTS])),
    ]


def measure(service: Running, kinds: list[Kind], seconds: float, connections: int) -> list[tuple[Kind, Kind]]:
    """Return the pairs of kinds to compare, with the time of each login."""

    def client(number: int) -> list[list[float]]:
        return _rounds(Client(service, number), kinds, seconds, random.Random(number))

    with ThreadPoolExecutor(connections) as threads:
        rounds = list(itertools.chain(*threads.map(client, range(connections))))
    if not rounds:
        raise SystemExit(f"no client sent more than {WARM_UP} rounds; let --seconds be more")
    for kind, found in zip(kinds, zip(*rounds, strict=True), strict=True):
        kind.milliseconds.extend(found)
    return [(kind, kinds[0]) for kind in kinds[1:]]


def measure_processor(
    service: Running, database_server: int, kinds: list[Kind], seconds: float
) -> list[tuple[Kind, Kind]]:
    """Return the pairs of kinds to compare, with the processor time of a login, each the mean of a group."""
    client, order = Client(service), random.Random(0)
    timed = [replace(kind, name=f"{kind.name}, CPU", milliseconds=[]) for kind in kinds]
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        for kind in order.sample(timed, len(timed)):
            before = processor_seconds(service.pid) + processor_seconds(database_server)
            statuses = {client.log_in(next(kind.user_names), kind.password)[0] for _ in range(GROUP)}
            if statuses != {kind.status}:
                raise RuntimeError(f"{kind.name}: {statuses} instead of {kind.status}")
            used = processor_seconds(service.pid) + processor_seconds(database_server) - before
            kind.milliseconds.append(used / GROUP * 1000)
    return [(kind, timed[0]) for kind in timed[1:]]


def measure_limited(service: Running, seconds: float) -> tuple[Kind, Kind]:
    """Return a limited unknown name and a limited existing one, with their times."""
    client = Client(service)
    unknown = _limited(client, "limited, unknown name", "unknown")
    existing = _limited(client, "limited, existing name", "bench0")
    for found in _rounds(client, [unknown, existing], seconds, random.Random(0)):
        unknown.milliseconds.append(found[0])
        existing.milliseconds.append(found[1])
    return unknown, existing


def measure_engine(seconds: float) -> list[tuple[Kind, Kind]]:
    """Return batches of each size, one with a hash of a lower cost and one without, with their processor times."""
    engine, order = choose_engine(), random.Random(0)
    return [_measure_batch(engine, size, order, seconds / engine.lanes) for size in range(1, engine.lanes + 1)]


def _measure_batch(engine: BcryptEngine, size: int, order: random.Random, seconds: float) -> tuple[Kind, Kind]:
    alike = [BcryptInput(COST, b"." * 22, b"%d" % number) for number in range(size)]
    mixed = [*alike[1:], BcryptInput(LOWER.cost, b"." * 22, b"another")]
    batches = [
        (Kind(f"{size} hashes, one lower", iter(())), mixed),
        (Kind(f"{size} hashes", iter(())), alike),
    ]
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        for kind, batch in order.sample(batches, len(batches)):
            began = time.thread_time()
            engine.digests(COST, batch)
            kind.milliseconds.append((time.thread_time() - began) * 1000)
    return batches[0][0], batches[1][0]


def _rounds(client: Client, kinds: list[Kind], seconds: float, order: random.Random) -> list[list[float]]:
    """Send one login of each kind in every round, and return their milliseconds, without those of the warm-up.

    A round counts if all responses have the expected status: a limit admits an attempt now and then.
    """
    rounds: list[list[float]] = []
    missed, ends = 0, time.perf_counter() + seconds
    while time.perf_counter() < ends:
        answers = {
            kind.name: client.log_in(next(kind.user_names), kind.password) for kind in order.sample(kinds, len(kinds))
        }
        if any(answers[kind.name][0] != kind.status for kind in kinds):
            missed += 1
        else:
            rounds.append([answers[kind.name][1] for kind in kinds])
    if missed:
        print(f"{missed} rounds had an unexpected status and do not count", file=sys.stderr)
    return rounds[WARM_UP:]


def _limited(client: Client, name: str, user_name: str) -> Kind:
    """Send wrong passwords until a limit is reached; raises RuntimeError if none is."""
    for _ in range(TRIES_TO_BE_LIMITED):
        status, _ = client.log_in(user_name, WRONG)
        if status == LIMITED:
            return Kind(name, itertools.repeat(user_name), status=LIMITED)
    raise RuntimeError(f"{TRIES_TO_BE_LIMITED} wrong passwords for {user_name} have reached no limit")


def report(comparisons: list[tuple[Kind, Kind]]) -> int:
    """Print a line for each comparison; return 1 if one of them is not certain to be within the bound."""
    print(f"{'login':28}{'compared with':24}{'n':>6}{'ms':>9}{'ms':>9}{'difference':>12}  95 % interval")
    worst = 0
    for kind, other in comparisons:
        found = relative_difference(kind.milliseconds, other.milliseconds)
        within = found.lies_within(BOUND)
        worst = max(worst, not within)
        interval = f"{found.low:+.1%} to {found.high:+.1%}"
        verdict = f"within ±{BOUND:.0%}" if within else f"not certain to be within ±{BOUND:.0%}"
        print(
            f"{kind.name:28}{other.name:24}{found.pairs:6}{found.ours:9.2f}{found.theirs:9.2f}{found.value:+12.1%}  "
            f"{interval}, {verdict}"
        )
    return worst


if __name__ == "__main__":
    main()
