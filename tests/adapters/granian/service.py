"""A toy service in a process group of its own, and what tests ask of it. Every wait has an end."""

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

PATIENCE = 30.0


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def until(fact: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.01)


def read_reply(connection: socket.socket, method: str = "GET") -> Reply:
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        return Reply(response.status, response.headers, response.read())
    finally:
        response.close()


class Service:
    """Starts a toy service; `news` are what its processes told, in order."""

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
                # When coverage is measured, a forked process says so; the tests want to hear of nothing else.
                env={**os.environ, "PYTHONWARNINGS": "ignore:Module hexaccount_granian was previously imported"},
            )
        self.host = options.get("host", "127.0.0.1")
        self.port = 0
        self.told: list[dict[str, Any]] = []
        self._news: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._begun = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._begun.close()
        # In order if it can be had: processes that are killed leave no coverage.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.terminate()
            self.process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        shutil.rmtree(self.folder)

    def started(self) -> Self:
        self.port = self.wait_for("started")["port"]
        return self

    def wait_for(self, event: str) -> dict[str, Any]:
        while True:
            news = self._news.get(timeout=PATIENCE)
            assert news is not None, f"the service ended before {event!r}: {self.told} {self.errors.read_text()}"
            self.told.append(news)
            if news["event"] == event:
                return news

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=PATIENCE)

    def send(self, raw: bytes, method: str = "GET") -> Reply:
        with self.connect() as connection:
            connection.sendall(raw)
            return read_reply(connection, method)

    def ask(self, path: str, method: str = "GET", *headers: str, body: bytes = b"") -> Reply:
        lines = [f"{method} {path} HTTP/1.1", "Host: toy", *headers, "", ""]
        return self.send("\r\n".join(lines).encode("latin-1") + body, method)

    def begin(self, path: str) -> socket.socket:
        """Send a request and do not wait for the answer; the connection is closed with the service at the latest."""
        connection = self._begun.enter_context(self.connect())
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: toy\r\n\r\n".encode())
        return connection

    def begun(self, name: str) -> bool:
        return (self.folder / f"begun-{name}").exists()

    def release(self, name: str) -> None:
        (self.folder / f"release-{name}").touch()

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def ended(self) -> int:
        """Wait for the end; return the exit code."""
        code = self.process.wait(PATIENCE)
        # Its end of the pipe closes when the last process of the service is gone.
        self._reader.join(PATIENCE)
        assert not self._reader.is_alive(), "a worker outlives its parent"
        while (news := self._news.get_nowait()) is not None:
            self.told.append(news)
        return code

    def count(self, event: str) -> int:
        return sum(news["event"] == event for news in self.told)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._news.put(json.loads(line))
        self._news.put(None)
