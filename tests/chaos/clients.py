"""Clients that register accounts without a pause, and know what became of each request."""

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

from tests.servers.processes import answers_ok

_PATIENCE = 15.0
_TCP_CLOSE = 7
_numbers = itertools.count()


class NotRead(Exception):
    """The connection was refused, or closed before a byte of the request was read: it may be sent again."""


class Unanswered(Exception):
    """The request was read, and the connection closed without an answer."""


@dataclass
class Rotation:
    """The ports that get requests: those which say that they are ready, as a load balancer asks them.

    While there is a `rush` clients hardly pause: in the moments that matter some request is always on its way.
    """

    ports: set[int] = field(default_factory=set)
    ready: frozenset[int] = frozenset()
    rush: threading.Event = field(default_factory=threading.Event)

    def ask(self) -> None:
        """Ask all."""
        self.ready = frozenset(port for port in list(self.ports) if answers_ok(f"http://127.0.0.1:{port}/ready"))

    def watch(self, over: threading.Event) -> None:
        """Ask again and again."""
        while not over.wait(0.1):
            self.ask()


@dataclass
class Outcome:
    """What clients saw; `registered` has the ids of the accounts that were answered 201."""

    registered: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    answered_by: Counter[int] = field(default_factory=Counter)
    sent_again: Counter[str] = field(default_factory=Counter)


@dataclass
class Client:
    """Sends one registration after the other; one that `keeps` its connection does so until the server ends it."""

    rotation: Rotation
    outcome: Outcome
    keeps: bool
    chance: random.Random
    _connection: socket.socket | None = None
    _port: int = 0

    def run(self, over: threading.Event) -> None:
        """Register until it is over."""
        while not over.wait(self.chance.uniform(0, 0.03 if self.rotation.rush.is_set() else 0.8)):
            self._register(f"person{next(_numbers)}")
        self._hang_up()

    def _register(self, name: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                status, body = self._ask(_registration(name))
            except NotRead as reason:
                # Had it been read all the same, its repetition would be refused: the name would be taken.
                self.outcome.sent_again[str(reason)] += 1
                time.sleep(0.01)
                continue
            except (Unanswered, OSError, http.client.HTTPException) as error:
                self.outcome.failures.append(f"{name} at {self._port}: {error!r}")
                self._hang_up()
                return
            self.outcome.answered_by[self._port] += 1
            if status == 201:
                self.outcome.registered.append(json.loads(body)["data"]["id"])
            else:
                self.outcome.failures.append(f"{name} at {self._port}: {status} {body!r}")
            return
        self.outcome.failures.append(f"{name} found nobody for {_PATIENCE} s")

    def _ask(self, request: bytes) -> tuple[int, bytes]:
        connection = self._connected()
        try:
            connection.sendall(request)
            answer = http.client.HTTPResponse(connection, method="POST")
            answer.begin()
        except http.client.RemoteDisconnected:
            unread = _was_reset(connection)
            self._hang_up()
            if unread:
                raise NotRead("the connection had been closed") from None
            raise Unanswered from None
        except (ConnectionResetError, BrokenPipeError):
            # The kernel resets a connection that is closed with something unread in it, or written to afterwards.
            self._hang_up()
            raise NotRead("the connection was reset") from None
        body = answer.read()
        if answer.will_close or not self.keeps:
            self._hang_up()
        return answer.status, body

    def _connected(self) -> socket.socket:
        if self._connection is None:
            ready = sorted(self.rotation.ready)
            if not ready:
                raise NotRead("nobody was ready")
            self._port = self.chance.choice(ready)
            try:
                self._connection = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
            except (ConnectionRefusedError, ConnectionResetError):
                raise NotRead("the connection was refused") from None
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def registering(rotation: Rotation, *, clients: int, seed: int) -> Iterator[Outcome]:
    """Have clients register while the block runs, three of four over a connection that they keep."""
    outcome, over = Outcome(), threading.Event()
    crowd = [Client(rotation, outcome, number % 4 != 0, random.Random(seed + number)) for number in range(clients)]
    deeds: list[Callable[[threading.Event], None]] = [rotation.watch, *(client.run for client in crowd)]
    rotation.ask()
    threads = [threading.Thread(target=deed, args=(over,)) for deed in deeds]
    for thread in threads:
        thread.start()
    try:
        yield outcome
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _was_reset(connection: socket.socket) -> bool:
    """Tell whether the other side has refused what was sent; where it has read all, it has just said its farewell."""
    deadline = time.monotonic() + 0.1
    with suppress(OSError):
        while time.monotonic() < deadline:
            (state,) = struct.unpack_from("B", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8))
            if state == _TCP_CLOSE:
                return True
            time.sleep(0.005)
    return False


def _registration(name: str) -> bytes:
    person = {"user_name": name, "email": f"{name}@example.org", "first_name": "Ada", "last_name": "L"}
    body = json.dumps({**person, "password": "a long and winding road"}).encode()
    head = (
        "POST /api/v1/public/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
