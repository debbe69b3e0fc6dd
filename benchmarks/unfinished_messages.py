"""Run with `python -m benchmarks.unfinished_messages`: the memory that sockets without a token take.

`hexaccount realtime` serves with one worker on SQLite. 200 clients of several addresses open a WebSocket each, show no
token, and send without an end: one large frame, fragments of one message, the smallest messages, or pings whose answers
they never read. The memory is that of the worker and its parent before, and the most during the attack.
"""

import argparse
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from benchmarks.memory import memory_mib
from benchmarks.operations import get
from benchmarks.services import console, environment, running
from tests.adapters.socketio.wire import CONTINUATION, PING, TEXT, UPGRADE, frame
from tests.servers.ports import free_port

ADDRESSES = 8
_KIB = 1024
_PIECE = b"x" * 64 * _KIB
_FRAGMENT = frame(CONTINUATION, _PIECE, final=False)
ATTACKS: dict[str, tuple[bytes, bytes]] = {
    "one frame": (frame(TEXT, b"", length=15 * _KIB * _KIB), _PIECE),
    "fragments": (frame(TEXT, b"4", final=False), _FRAGMENT),
    "empty fragments": (frame(TEXT, b"4", final=False), frame(CONTINUATION, b"", final=False) * 10_000),
    "small messages": (b"", frame(TEXT, b"3") * 10_000),
    "pings": (b"", frame(PING, b"x" * 125) * 500),
}
"""What a client sends first, and then again and again."""


def upgraded(address: tuple[str, int], source: str) -> socket.socket | None:
    """Return an open WebSocket from a source address, or None if the service refuses it."""
    connection = socket.create_connection(address, timeout=10, source_address=(source, 0))
    try:
        connection.sendall(f"{UPGRADE}\r\n".encode())
        if connection.recv(4096).startswith(b"HTTP/1.1 101"):
            return connection
    except OSError:
        pass
    connection.close()
    return None


@dataclass
class Attacker:
    """A client that sends `first`, and then `more` until it has sent `left` bytes or is closed."""

    connection: socket.socket
    data: bytes
    more: bytes
    left: int

    def is_done(self) -> bool:
        """Send what the kernel takes, and return whether that was the last."""
        try:
            sent = self.connection.send(self.data)
        except BlockingIOError:
            return False
        except OSError:
            return True
        self.data = self.data[sent:] or self.more
        self.left -= sent
        return self.left <= 0


@dataclass(frozen=True)
class Attack:
    """One of ATTACKS by a number of sockets, which send for some seconds, or until each has sent so much."""

    name: str
    sockets: int
    seconds: float
    mebibytes: float


def attack_by(attack: Attack, url: str) -> int:
    """Attack a service, and return how many sockets it has opened."""
    first, more = ATTACKS[attack.name]
    parts = urlsplit(url)
    address = (str(parts.hostname), int(parts.port or 0))
    opened = [upgraded(address, f"127.0.1.{1 + number % ADDRESSES}") for number in range(attack.sockets)]
    attackers = [
        Attacker(connection, first + more, more, int(attack.mebibytes * _KIB * _KIB))
        for connection in opened
        if connection is not None
    ]
    for attacker in attackers:
        attacker.connection.setblocking(False)
    latest = time.monotonic() + attack.seconds
    sending = attackers
    while sending and time.monotonic() < latest:
        sending = [attacker for attacker in sending if not attacker.is_done()]
        time.sleep(0.001)
    time.sleep(max(0.0, min(1.0, latest - time.monotonic())))
    for attacker in attackers:
        attacker.connection.close()
    return len(attackers)


def most_memory(pid: int, work: Callable[[], int]) -> tuple[float, int]:
    """Return the most RSS in MiB while work is done, and what it returns."""
    most, over = [0.0], threading.Event()

    def sample() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], memory_mib(pid)[0])

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        done = work()
    finally:
        over.set()
        sampler.join()
    return most[0], done


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.unfinished_messages", description=__doc__)
    parser.add_argument("--sockets", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=4, help="the longest time of each attack")
    parser.add_argument("--mebibytes", type=float, default=4, help="what each socket sends")
    parser.add_argument("attacks", nargs="*", default=list(ATTACKS), help="which attacks")
    chosen = parser.parse_args()
    for name in chosen.attacks:
        attack = Attack(name, chosen.sockets, chosen.seconds, chosen.mebibytes)
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            settings = environment(f"sqlite:///{folder}/hexaccount.db", 4)
            subprocess.run(console("migrate"), env=settings, check=True, stdout=subprocess.DEVNULL)
            with running(console("realtime", "--port", str(port)), port, get("/health"), settings) as service:
                upgraded(("127.0.0.1", port), "127.0.0.1")
                before = memory_mib(service.pid)[0]
                most, opened = most_memory(service.pid, partial(attack_by, attack, service.url))
            print(f"{name}: {opened} sockets, RSS {before:.0f} to {most:.0f} MiB (+{most - before:.0f}), aim +30")


if __name__ == "__main__":
    main()
