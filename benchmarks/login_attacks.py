"""Run with `python -m benchmarks.login_attacks`: whether honest users can log in while others make the service hash.

Two workers, hashes of cost 12, SQLite, the limits and the queue as they are by default. Each attack has 48 connections
that never wait, but for a fifth of a second after a refusal, so that the attackers leave the machine to the service:

- right password: one account from one network, on 48 devices that it knows
- guesses, one network: names that do not exist, from one network
- guesses, 50 networks: the same from 50 networks

Meanwhile each second an honest user logs in with a known device, and another one without, each from a network of its
own: ten of each kind take turns, so that none reaches its own limits. Printed are how many of these logins succeed, and
how long they take as a part of the time that a full queue takes: the hashes that may wait in all workers, divided by
the processors.
"""

import http.client
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.operations import get
from benchmarks.services import PASSWORD, PASSWORD_QUEUE, Running, console, environment, running
from hexaccount_security import choose_engine
from hexaccount_security.bcrypt_engines import BcryptInput
from tests.servers.ports import free_port

CONNECTIONS = 48
HONEST = 10
WORKERS = 2
PAUSE = 0.2


@dataclass
class Client:
    """One connection, from one address, whose logins are recorded: the status, and the seconds until the answer."""

    service: Running
    address: str
    answers: list[tuple[int, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(self.service.url).netloc, timeout=120)

    def post(self, path: str, body: dict[str, object]) -> dict[str, str]:
        """Return the data of the answer, nothing if it is a refusal."""
        began = time.perf_counter()
        headers = {"Content-Type": "application/json", "X-Forwarded-For": self.address}
        self._connection.request("POST", f"/api/v1/public/{path}", json.dumps(body), headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self.answers.append((answer.status, time.perf_counter() - began))
        data: dict[str, str] = json.loads(content).get("data", {})
        return data

    def log_in(self, name: str, password: str = PASSWORD, device: str | None = None) -> dict[str, str]:
        return self.post("login", {"user_name": name, "password": password, "device": device})


def main() -> None:
    seconds = float(sys.argv[1]) if sys.argv[1:] else 40.0
    hashing = _seconds_of_a_hash()
    full_queue = WORKERS * 2 * PASSWORD_QUEUE * hashing / (os.cpu_count() or 1)
    print(f"a hash takes {hashing:.2f} s, a full queue {full_queue:.1f} s")
    for name, prepare in ATTACKS.items():
        with TemporaryDirectory() as folder, _serving(Path(folder)) as service:
            _measure(name, prepare(service), service, seconds, full_queue)


def _seconds_of_a_hash() -> float:
    engine = choose_engine("interleaved")
    batch = [BcryptInput(12, b"." * 22, b"x")] * engine.lanes

    def once() -> float:
        began = time.perf_counter()
        engine.digests(12, batch)
        return time.perf_counter() - began

    return min(once() for _ in range(5)) / engine.lanes


@contextmanager
def _serving(folder: Path) -> Iterator[Running]:
    port = free_port()
    env = environment(f"sqlite:///{folder}/accounts.db", 12, LIMITS__FACTOR="1", HTTP__TRUSTED_PROXIES='["127.0.0.1"]')
    subprocess.run(console("migrate"), env=env, check=True, stdout=subprocess.DEVNULL)
    command = console("http", "--port", str(port), "--workers", str(WORKERS))
    with (folder / "log").open("wb") as log, running(command, port, get("/health"), env, log) as service:
        yield service


def _register(service: Running, name: str, address: str) -> None:
    body = {"user_name": name, "email": f"{name}@example.org", "first_name": "A", "last_name": "B"}
    Client(service, address).post("register", {**body, "password": PASSWORD})


def _right_password(service: Running) -> list[Callable[[], object]]:
    address = "198.51.100.7"
    _register(service, "attacker", address)
    clients = [Client(service, address) for _ in range(CONNECTIONS)]
    devices = [client.log_in("attacker")["device"] for client in clients]
    return [partial(client.log_in, "attacker", device=device) for client, device in zip(clients, devices, strict=True)]


def _guesses(networks: int, service: Running) -> list[Callable[[], object]]:
    numbers = itertools.count()
    clients = [Client(service, f"203.0.{number % networks}.7") for number in range(max(CONNECTIONS, networks))]

    def guess(client: Client) -> object:
        return client.log_in(f"nobody{next(numbers)}", "a wrong password")

    return [partial(guess, client) for client in clients]


ATTACKS: dict[str, Callable[[Running], list[Callable[[], object]]]] = {
    "right password": _right_password,
    "guesses, one network": partial(_guesses, 1),
    "guesses, 50 networks": partial(_guesses, 50),
}


@dataclass(frozen=True)
class Honest:
    """A user, the client with its recorded logins, and its device if it is known."""

    name: str
    client: Client
    device: str | None


def _honest(service: Running, number: int, *, device: bool) -> Honest:
    name, client = f"honest{number}", Client(service, f"192.0.{number}.7")
    _register(service, name, client.address)
    known = client.log_in(name)["device"] if device else None
    client.answers.clear()
    return Honest(name, client, known)


def _measure(
    name: str, attacks: list[Callable[[], object]], service: Running, seconds: float, full_queue: float
) -> None:
    known = [_honest(service, number, device=True) for number in range(HONEST)]
    others = [_honest(service, HONEST + number, device=False) for number in range(HONEST)]
    ends = time.monotonic() + seconds
    threads = [threading.Thread(target=_attack, args=(attack, ends)) for attack in attacks]
    for thread in threads:
        thread.start()
    time.sleep(3)
    users = [threading.Thread(target=_each_second, args=(group, ends)) for group in (known, others)]
    for thread in users:
        thread.start()
    for thread in (*threads, *users):
        thread.join()
    for kind, group in (("known device", known), ("no device", others)):
        answers = [answer for user in group for answer in user.client.answers]
        waits = [wait for status, wait in answers if status == 200]
        statuses = Counter(status for status, _ in answers)
        took = f"median {median(waits) / full_queue:.2f}, longest {max(waits) / full_queue:.2f}" if waits else "none"
        print(f"{name:24}{kind:16}{dict(statuses)!s:32}of a full queue: {took}")


def _attack(attack: Callable[[], object], ends: float) -> None:
    while time.monotonic() < ends:
        if not attack():
            time.sleep(PAUSE)


def _each_second(users: list[Honest], ends: float) -> None:
    for user in itertools.cycle(users):
        if (now := time.monotonic()) >= ends:
            return
        user.client.log_in(user.name, device=user.device)
        time.sleep(max(0.0, 1 - (time.monotonic() - now)))


if __name__ == "__main__":
    main()
