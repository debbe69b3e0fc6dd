"""Connections of one network, which sends nothing, do not keep others from being served."""

import fcntl
import select
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from hexaccount_granian import connection_guard
from hexaccount_granian.client_address import ClientAddresses
from hexaccount_granian.connection_guard import ConnectionGuard
from tests.adapters.granian.service import Service, read_reply, until

pytestmark = pytest.mark.long

FILES = 1000
CONNECTIONS = FILES - 256
SHARE = 100


def connect(service: Service, source: str) -> socket.socket:
    return socket.create_connection((service.host, service.port), timeout=30, source_address=(source, 0))


def open_among(connections: list[socket.socket]) -> list[socket.socket]:
    """Return those that the service has not closed."""
    closed, _, _ = select.select(connections, [], [], 0)
    return [connection for connection in connections if connection not in closed]


def requested(connection: socket.socket) -> int:
    """Send a request, and return the status of the response."""
    connection.sendall(b"GET /fast HTTP/1.1\r\nHost: toy\r\n\r\n")
    return read_reply(connection).status


def test_a_network_keeps_the_newest_connections_of_its_share() -> None:
    with ExitStack() as stack, Service(files=FILES).started() as service:
        other = stack.enter_context(connect(service, "127.0.0.3"))
        assert requested(other) == 200
        silent = [stack.enter_context(connect(service, "127.0.0.2")) for _ in range(SHARE + 50)]
        until(lambda: len(open_among(silent)) <= SHARE, "the excess is closed")
        assert service.wait_for("refused")["refusal"] == ["connect", "too_many_connections", "127.0.0.2"]
        late = stack.enter_context(connect(service, "127.0.0.2"))
        assert [requested(late), requested(other)] == [200, 200]
        assert len(open_among(silent)) in {SHARE, SHARE - 1}


def test_a_crowd_of_silent_connections_shuts_out_no_other_network() -> None:
    with ExitStack() as stack, Service(files=FILES).started() as service:
        for _ in range(CONNECTIONS + 100):
            stack.enter_context(connect(service, "127.0.0.2"))
        assert requested(stack.enter_context(connect(service, "127.0.0.3"))) == 200


def test_a_proxy_may_have_any_number_of_connections() -> None:
    with ExitStack() as stack, Service(files=FILES, proxy="127.0.0.2").started() as service:
        of_proxy = [stack.enter_context(connect(service, "127.0.0.2")) for _ in range(SHARE + 50)]
        others = [stack.enter_context(connect(service, "127.0.0.3")) for _ in range(SHARE + 50)]
        until(lambda: len(open_among(others)) <= SHARE, "the excess of the other network is closed")
        assert open_among(of_proxy) == of_proxy


def test_a_client_that_does_not_read_is_closed_and_one_that_reads_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_guard, "_READING_SECONDS", 0.5)
    monkeypatch.setattr(connection_guard, "_FEW_FILES", 0)
    closed: set[tuple[str, str]] = set()
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = listening.getsockname()
        ends = {}
        for name, source in (("deaf", "127.0.0.2"), ("reading", "127.0.0.3"), ("idle", "127.0.0.4")):
            client = stack.enter_context(socket.create_connection(address, source_address=(source, 0)))
            ends[name] = (client, stack.enter_context(listening.accept()[0]))
            ends[name][1].setblocking(False)
        guard = ConnectionGuard(address[1], 1000, ClientAddresses([]), lambda *each: closed.add(each))
        guard.start()
        stack.callback(guard.stop)

        def serve() -> bool:
            for name in ("deaf", "reading"):
                with suppress(BlockingIOError, BrokenPipeError):
                    ends[name][1].send(bytes(2_000_000))
            ends["reading"][0].recv(2_000_000)
            return bool(closed)

        until(serve, "a client is closed")
        for _ in range(20):
            serve()
            time.sleep(0.05)
        assert closed == {("too_slow", "127.0.0.2")}


def test_locks_of_the_process_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """SQLite holds such locks; without them another process removes its journal, and later commits are lost."""
    monkeypatch.setattr(connection_guard, "_FEW_FILES", 0)
    file = tmp_path / "locked"
    with ExitStack() as stack, file.open("w") as locked:
        fcntl.lockf(locked, fcntl.LOCK_EX)
        guard = ConnectionGuard(1, 1000, ClientAddresses([]), lambda *_: None)
        scanned = threading.Event()
        monkeypatch.setattr(guard, "_excess", lambda: scanned.set() or [])
        guard.start()
        stack.callback(guard.stop)
        assert scanned.wait(20)
        code = f"import fcntl; fcntl.lockf(open({str(file)!r}, 'a'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
        assert "BlockingIOError" in other.stderr
