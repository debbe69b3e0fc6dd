"""Run with `python -m benchmarks.idle_sockets`: whether 500 idle sockets slow requests down.

On PostgreSQL `hexaccount http` and `hexaccount realtime` serve with two workers each. In each round `GET /api/v1/me` is
loaded without a socket, and then while idle sockets of 32 accounts are open. They answer the server's pings, and are
counted at the end.
"""

import argparse
import json
import selectors
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from websocket import WebSocket, WebSocketConnectionClosedException, create_connection

from benchmarks.operations import get
from benchmarks.servers import Servers
from benchmarks.services import HEXACCOUNT, Running, console, environment, log_in, ours, register, running
from benchmarks.table import Table
from benchmarks.wrk import wrk
from tests.servers.ports import free_port

ACCOUNTS = 32
WITHOUT = "me/s without sockets"
BESIDE = "me/s beside idle sockets"
STILL_OPEN = "sockets that are open at the end"


class IdleSockets:
    """Idle connections with the protocols of Engine.IO and Socket.IO."""

    def __init__(self, url: str, tokens: list[str], count: int) -> None:
        address = f"{url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        for number in range(count):
            connection = create_connection(address, timeout=30)
            assert str(connection.recv()).startswith("0"), "the server did not open"
            connection.send("40" + json.dumps({"token": tokens[number % len(tokens)]}))
            answer = str(connection.recv())
            assert answer.startswith("40"), answer
            assert connection.sock
            self._selector.register(connection.sock, selectors.EVENT_READ, connection)
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def close(self) -> int:
        """Close them, and return how many were still open."""
        self._over.set()
        self._thread.join()
        connections: list[WebSocket] = [key.data for key in self._selector.get_map().values()]
        for connection in connections:
            connection.close()
        return len(connections)

    def _answer(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.2):
                try:
                    if key.data.recv() == "2":
                        key.data.send("3")
                except (WebSocketConnectionClosedException, OSError):
                    self._selector.unregister(key.fileobj)


@contextmanager
def realtime(database: str) -> Iterator[Running]:
    """Run `hexaccount realtime`."""
    port = free_port()
    command = console("realtime", "--port", str(port), "--workers", "2")
    with running(command, port, get("/health"), environment(database, 4)) as service:
        yield service


def tokens_of(service: Running) -> list[str]:
    """Log each account in, and return the access tokens."""
    return [HEXACCOUNT.access_token(service.url, f"bench{number}") for number in range(ACCOUNTS)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle_sockets", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30, help="the length of each load")
    parser.add_argument("--sockets", type=int, default=500)
    chosen = parser.parse_args()
    table = Table()
    with Servers() as servers:
        database = servers.fresh_database("postgresql")
        with ours(database, cost=4) as service, realtime(database) as sockets:
            register(service, ACCOUNTS)
            tokens, mine = tokens_of(service), log_in(service)

            def load(name: str) -> None:
                found = wrk(service.url, HEXACCOUNT.me, connections=16, seconds=chosen.seconds, token=mine)
                assert found.errors == 0
                table.add(name, found.successes_per_second)

            for _ in range(chosen.rounds):
                load(WITHOUT)
                idle = IdleSockets(sockets.url, tokens, chosen.sockets)
                load(BESIDE)
                table.add(STILL_OPEN, idle.close())
    table.compare(BESIDE, WITHOUT, "~ 1")
    print(f"{STILL_OPEN}: {table.show(STILL_OPEN)}, aim {chosen.sockets}")


if __name__ == "__main__":
    main()
