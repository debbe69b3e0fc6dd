"""Run with `python -m benchmarks.silent_connections`: whether one address shuts the door on the others.

An attacker opens thousands of connections from one address, sends nothing on them, and opens those again that are
closed. Meanwhile a client of another address requests /ready every quarter of a second, over a new connection, and so
does a check of the proxy's health. It is measured through HAProxy with this project's file, and without a proxy, where
the one worker may open 4,096 files.
"""

import argparse
import http.client
import selectors
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.operations import get
from benchmarks.services import console, environment, running
from tests.servers.haproxy import Haproxy
from tests.servers.ports import free_port

ROOT = Path(__file__).parents[1]
ATTACKER, HONEST = "127.0.0.2", "127.0.0.3"
_LONGEST = 5.0
_BIND_ADDRESS_NO_PORT = 24  # of ip(7); Python has no name for it before 3.12


@dataclass
class Requests:
    """The requests of a client: how many were answered with 200, of how many, and the longest wait in seconds."""

    answered: int = 0
    sent: int = 0
    longest: float = 0.0

    def send(self, connect: Callable[[], http.client.HTTPConnection], path: str) -> None:
        """Send a request over a new connection."""
        self.sent += 1
        began = time.perf_counter()
        try:
            with closing(connect()) as connection:
                connection.request("GET", path)
                self.answered += connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            pass
        self.longest = max(self.longest, time.perf_counter() - began)

    def __str__(self) -> str:
        return f"{self.answered} of {self.sent} answered, the slowest after {self.longest:.2f} s"


@dataclass
class SilentConnections:
    """Keeps connections open on which nothing is sent."""

    port: int
    number: int
    opened: int = 0
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold them until the block ends."""
        thread = threading.Thread(target=self._hold)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def wait_until_opened(self, seconds: float) -> None:
        """Wait until as many were opened as wanted, for some seconds at most."""
        latest = time.monotonic() + seconds
        while self.opened < self.number and time.monotonic() < latest:
            time.sleep(0.1)

    def _hold(self) -> None:
        while not self._over.is_set():
            for _ in range(min(500, self.number - len(self._selector.get_map()))):
                self._open()
            time.sleep(0.01)
            for key, _ in self._selector.select(0):
                self._selector.unregister(key.fileobj)
                key.data.close()
        for key in list(self._selector.get_map().values()):
            key.data.close()

    def _open(self) -> None:
        connection = socket.socket()
        connection.setblocking(False)
        # The port is chosen when it connects, which is faster by far.
        connection.setsockopt(socket.IPPROTO_IP, _BIND_ADDRESS_NO_PORT, 1)
        try:
            connection.bind((ATTACKER, 0))
            connection.connect(("127.0.0.1", self.port))
        except BlockingIOError:
            pass
        except OSError:
            connection.close()
            return
        self.opened += 1
        self._selector.register(connection, selectors.EVENT_READ, connection)


def measure(name: str, port: int, number: int, seconds: float, checks: dict[str, Callable[[Requests], None]]) -> None:
    """Attack a port, let the checks run meanwhile, and print what became of them."""
    silent = SilentConnections(port, number)
    results = {who: Requests() for who in checks}

    def repeat(check: Callable[[Requests], None], requests: Requests) -> None:
        latest = time.monotonic() + seconds
        while time.monotonic() < latest:
            check(requests)
            time.sleep(0.25)

    with silent.held():
        silent.wait_until_opened(10)
        threads = [threading.Thread(target=repeat, args=(check, results[who])) for who, check in checks.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for who, requests in results.items():
        print(f"{name}, {silent.opened} connections of one address: {who}: {requests}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.silent_connections", description=__doc__)
    parser.add_argument("--connections", type=int, default=9000)
    parser.add_argument("--seconds", type=float, default=15)
    chosen = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        secrets = folder / "secrets"
        subprocess.run(["sh", ROOT / "config/secrets.sh", secrets], check=True, capture_output=True)
        certificate, port = secrets / "certificate.pem", free_port()
        trusted = {"HTTP__TRUSTED_PROXIES": '["127.0.0.1"]'}
        settings = environment(f"sqlite:///{folder}/hexaccount.db", 4, **trusted)
        subprocess.run(console("migrate"), env=settings, check=True, stdout=subprocess.DEVNULL)
        command = ["prlimit", "--nofile=4096", *console("http", "--port", str(port), "--workers", "1")]
        stack.enter_context(running(command, port, get("/ready"), settings))
        names = ("HEXACCOUNT_HTTP_ONE", "HEXACCOUNT_HTTP_TWO", "HEXACCOUNT_REALTIME")
        backends = dict.fromkeys(names, f"127.0.0.1:{port}")
        proxy = stack.enter_context(Haproxy(folder, backends=backends, certificate=certificate))
        context = ssl.create_default_context(cafile=str(certificate))

        def through_proxy() -> http.client.HTTPConnection:
            return http.client.HTTPSConnection(
                "localhost", proxy.port, timeout=_LONGEST, source_address=(HONEST, 0), context=context
            )

        def direct(to: int) -> Callable[[], http.client.HTTPConnection]:
            return lambda: http.client.HTTPConnection("127.0.0.1", to, timeout=_LONGEST, source_address=(HONEST, 0))

        of_proxy: dict[str, Callable[[Requests], None]] = {
            "client": lambda requests: requests.send(through_proxy, "/ready"),
            "health": lambda requests: requests.send(direct(proxy.status_port), "/"),
        }
        measure("HAProxy", proxy.port, chosen.connections, chosen.seconds, of_proxy)
        of_service: dict[str, Callable[[Requests], None]] = {
            "client": lambda requests: requests.send(direct(port), "/ready")
        }
        measure("no proxy", port, chosen.connections, chosen.seconds, of_service)


if __name__ == "__main__":
    main()
