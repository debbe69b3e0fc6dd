"""Run with `python -m benchmarks.standby`: what a subscriber costs logins where each commit waits for a standby.

Two PostgreSQL with `synchronous_commit = on`, of which one is a synchronous standby behind a proxy that delays each
byte by half of `--milliseconds`. In turns one service has a subscriber, and one has none. The logins are made on the
bus by threads, at cost 4, each with an account of its own; the subscriber's events stay pending.
"""

import argparse
import itertools
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue

from benchmarks.servers import memory_folder
from benchmarks.services import KEY
from benchmarks.table import Table
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, LimitSettings, PasswordSettings, Settings
from hexaccount.passwords.log_in import LogIn
from tests.people import PASSWORD, registration
from tests.servers.own_server import OwnServer
from tests.servers.postgres import PostgresServer

ROUNDS = 3
THREADS = 16
SUBSCRIBED = "logins/s with a subscriber"
ALONE = "logins/s without"


class Standby(PostgresServer):
    """A standby that begins with the data of a stopped server and follows it through a port."""

    def __init__(self, directory: Path, primary: PostgresServer, *, port: int) -> None:
        """Take the server to follow, and the port at which to reach it."""
        conninfo = f"host=127.0.0.1 port={port} user=postgres application_name=standby"
        super().__init__(directory, settings={"primary_conninfo": conninfo})
        self._primary = primary

    def make_home(self) -> None:
        """Copy the data."""
        OwnServer.make_home(self)
        shutil.copytree(self._primary.data, self.data, dirs_exist_ok=True)
        (self.data / "standby.signal").touch()
        if self.identity:
            subprocess.run(["chown", "-R", f"{self.identity.uid}:{self.identity.gid}", self.data], check=True)


class DelayingProxy:
    """Forwards connections to a port, each byte after a delay in seconds."""

    def __init__(self, port: int, delay: float) -> None:
        self._target, self._delay = port, delay
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(("127.0.0.1", self._target))
            for source, sink in ((client, server), (server, client)):
                sink.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                held: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
                threading.Thread(target=self._read, args=(source, held), daemon=True).start()
                threading.Thread(target=self._write, args=(sink, held), daemon=True).start()

    def _read(self, source: socket.socket, held: "SimpleQueue[tuple[float, bytes]]") -> None:
        chunk = b"first"
        while chunk:
            try:
                chunk = source.recv(65536)
            except OSError:
                chunk = b""
            held.put((time.monotonic() + self._delay, chunk))

    def _write(self, sink: socket.socket, held: "SimpleQueue[tuple[float, bytes]]") -> None:
        with suppress(OSError), sink:
            while (item := held.get())[1]:
                time.sleep(max(0.0, item[0] - time.monotonic()))
                sink.sendall(item[1])


def logins_per_second(service: Service, seconds: float) -> float:
    """Return how many logins a second all threads make."""
    until = time.monotonic() + seconds

    def log_in(number: int) -> int:
        command = LogIn(user_name=f"standby{number}", password=PASSWORD, client_address="192.0.2.1", user_agent="")
        for made in itertools.count():
            if time.monotonic() >= until:
                return made
            service.bus.handle(command)
        raise AssertionError

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(log_in, range(THREADS))) / seconds


def settings_of(database: str, *, events: list[str]) -> Settings:
    """Return the settings of a service with these receivers of events."""
    return Settings(
        store=database,
        events=events,
        jwt=JwtSettings(key=KEY),
        password=PasswordSettings(cost=4),
        limits=LimitSettings(enabled=False),
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--milliseconds", type=float, default=10, help="how far away the standby is, there and back")
    parser.add_argument("--seconds", type=float, default=5, help="of each turn")
    arguments = parser.parse_args()
    table = Table()
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(dir=memory_folder())))
        primary = running.enter_context(PostgresServer(folder, settings={"synchronous_standby_names": "standby"}))
        primary.stop()
        proxy = DelayingProxy(primary.port, arguments.milliseconds / 2000)
        standby = Standby(folder, primary, port=proxy.port)
        standby.make_home()
        primary.start()
        running.enter_context(standby)
        with open_service(settings_of(primary.url, events=[])) as service:
            service.store.migrate()
            for number in range(THREADS):
                service.bus.handle(registration(f"standby{number}"))
        for _ in range(ROUNDS):
            for name, events in ((ALONE, []), (SUBSCRIBED, ["kafka://127.0.0.1:9/events"])):
                with open_service(settings_of(primary.url, events=events)) as service:
                    service.subscribe()
                    table.add(name, logins_per_second(service, arguments.seconds))
                    for subscriber in service.subscribers if events else ():
                        service.store.outbox.subscribe(subscriber.name, [])
    table.compare(SUBSCRIBED, ALONE, "≥ 0.9")


if __name__ == "__main__":
    main()
