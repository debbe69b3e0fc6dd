"""Clients that register accounts without a pause, and record the outcome of each request."""

import http.client
import itertools
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.people import registration_form
from tests.servers.processes import answers_ok

_PATIENCE = 15.0
_TCP_CLOSE = 7
_numbers = itertools.count()


class NotRead(Exception):
    """The connection was refused, or closed before the server read the request: it may be sent again."""


class Unanswered(Exception):
    """The request was read, and the connection closed without an answer."""


@dataclass
class Rotation:
    """The ready ports, refreshed as by a load balancer; clients send to these only.

    While `rush` is set clients hardly pause, so that requests are in flight when an instance stops.
    """

    ports: set[int] = field(default_factory=set)
    ready: frozenset[int] = frozenset()
    rush: threading.Event = field(default_factory=threading.Event)

    def refresh(self) -> None:
        """Request the readiness of all ports."""
        self.ready = frozenset(port for port in list(self.ports) if answers_ok(f"http://127.0.0.1:{port}/ready"))

    def run(self, over: threading.Event) -> None:
        """Refresh ten times a second."""
        while not over.wait(0.1):
            self.refresh()


@dataclass
class Outcome:
    """What clients saw; `registered` has the ids of the accounts created with a 201."""

    registered: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    responses_of: Counter[int] = field(default_factory=Counter)
    sent_again: Counter[str] = field(default_factory=Counter)


@dataclass
class Client:
    """Sends one registration after the other; with `keep_alive` until the server closes the connection."""

    rotation: Rotation
    outcome: Outcome
    keep_alive: bool
    chance: random.Random
    _connection: socket.socket | None = None
    _port: int = 0

    def run(self, over: threading.Event) -> None:
        """Register until `over` is set."""
        while not over.wait(self.chance.uniform(0, 0.03 if self.rotation.rush.is_set() else 0.8)):
            self._register(f"user{next(_numbers)}")
        self._close()

    def _register(self, name: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                status, body = self._send(_registration(name))
            except NotRead as reason:
                # If the server had read it, the repetition would be refused, because the name would be taken.
                self.outcome.sent_again[str(reason)] += 1
                time.sleep(0.01)
                continue
            except (Unanswered, OSError, http.client.HTTPException) as error:
                self.outcome.failures.append(f"{name} at {self._port}: {error!r}")
                self._close()
                return
            self.outcome.responses_of[self._port] += 1
            if status == 201:
                self.outcome.registered.append(json.loads(body)["data"]["id"])
            else:
                self.outcome.failures.append(f"{name} at {self._port}: {status} {body!r}")
            return
        self.outcome.failures.append(f"{name} found no ready instance for {_PATIENCE} s")

    def _send(self, request: bytes) -> tuple[int, bytes]:
        connection = self._connected()
        try:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection, method="POST")
            answer.begin()
        except http.client.RemoteDisconnected:
            unread = _was_reset(connection)
            self._close()
            if unread:
                raise NotRead("the connection had been closed") from None
            raise Unanswered from None
        except (ConnectionResetError, BrokenPipeError):
            # The kernel resets a connection that is closed with unread data, or that is written to afterwards.
            self._close()
            raise NotRead("the connection was reset") from None
        body = answer.read()
        if answer.will_close or not self.keep_alive:
            self._close()
        return answer.status, body

    def _connected(self) -> socket.socket:
        if self._connection is None:
            ready = sorted(self.rotation.ready)
            if not ready:
                raise NotRead("no instance was ready")
            self._port = self.chance.choice(ready)
            try:
                self._connection = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
            except (ConnectionRefusedError, ConnectionResetError):
                raise NotRead("the connection was refused") from None
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def registering(rotation: Rotation, *, clients: int, seed: int) -> Iterator[Outcome]:
    """Run clients while the block runs, three of four with a persistent connection."""
    outcome, over = Outcome(), threading.Event()
    crowd = [Client(rotation, outcome, number % 4 != 0, random.Random(seed + number)) for number in range(clients)]
    targets: list[Callable[[threading.Event], None]] = [rotation.run, *(client.run for client in crowd)]
    rotation.refresh()
    threads = [threading.Thread(target=target, args=(over,)) for target in targets]
    for thread in threads:
        thread.start()
    try:
        yield outcome
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _was_reset(connection: socket.socket) -> bool:
    """Return whether the peer has reset the connection; if it has read everything, it has closed it."""
    deadline = time.monotonic() + 0.1
    with suppress(OSError):
        while time.monotonic() < deadline:
            (state,) = struct.unpack_from("B", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8))
            if state == _TCP_CLOSE:
                return True
            time.sleep(0.005)
    return False


def _registration(name: str) -> bytes:
    body = json.dumps(registration_form(name)).encode()
    head = (
        "POST /api/v1/public/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
