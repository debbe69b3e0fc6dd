"""Runs a toy service in its own process group for the tests. Every wait has a time-out."""

import contextlib
import http.client
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Self

TIMEOUT = 30.0


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def until(condition: Callable[[], object], description: str) -> None:
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, f"timed out waiting until {description}"
        time.sleep(0.01)


def read_reply(connection: socket.socket, method: str = "GET") -> Reply:
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        return Reply(response.status, response.headers, response.read())
    finally:
        response.close()


class Service:
    """Starts a toy service; `events` are what its processes reported, in order."""

    def __init__(self, **options: Any) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="toy-"))
        self.errors = self.folder / "stderr"
        toy = Path(__file__).with_name("toy.py")
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(toy), json.dumps({"folder": str(self.folder), **options})],
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                # A forked process warns when coverage is measured; the tests expect no other output.
                env={**os.environ, "PYTHONWARNINGS": "ignore:Module hexaccount_granian was previously imported"},
            )
        self.host = options.get("host", "127.0.0.1")
        self.port = 0
        self.events: list[dict[str, Any]] = []
        self._unread: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._connections = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connections.close()
        # An orderly stop first: processes that are killed leave no coverage data.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.terminate()
            self.process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        assert self.process.stdout is not None
        self.process.stdout.close()
        shutil.rmtree(self.folder)

    def started(self) -> Self:
        self.port = self.wait_for("started")["port"]
        return self

    def wait_for(self, event: str) -> dict[str, Any]:
        while True:
            event_read = self._unread.get(timeout=TIMEOUT)
            assert event_read is not None, (
                f"the service ended before {event!r}: {self.events} {self.errors.read_text()}"
            )
            self.events.append(event_read)
            if event_read["event"] == event:
                return event_read

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=TIMEOUT)

    def send(self, raw: bytes, method: str = "GET") -> Reply:
        with self.connect() as connection:
            connection.sendall(raw)
            return read_reply(connection, method)

    def request(self, path: str, method: str = "GET", *headers: str, body: bytes = b"") -> Reply:
        lines = [f"{method} {path} HTTP/1.1", "Host: toy", *headers, "", ""]
        return self.send("\r\n".join(lines).encode("latin-1") + body, method)

    def begin(self, path: str) -> socket.socket:
        """Send a request without reading the response; the connection is closed with the service at the latest."""
        connection = self._connections.enter_context(self.connect())
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: toy\r\n\r\n".encode())
        return connection

    def has_begun(self, name: str) -> bool:
        return (self.folder / f"begun-{name}").exists()

    def release(self, name: str) -> None:
        (self.folder / f"release-{name}").touch()

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def wait_for_exit(self) -> int:
        """Return the exit code."""
        code = self.process.wait(TIMEOUT)
        # The pipe closes when the last process of the service has ended.
        self._reader.join(TIMEOUT)
        assert not self._reader.is_alive(), "a worker outlives its parent"
        while (event := self._unread.get_nowait()) is not None:
            self.events.append(event)
        return code

    def count(self, event: str) -> int:
        return sum(each["event"] == event for each in self.events)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._unread.put(json.loads(line))
        self._unread.put(None)
