import errno
import fcntl
import os
import socket
import stat
import struct
import termios
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hexaccount.kernel.network import network_of, share_of_network
from hexaccount_granian.client_address import ClientAddresses

_OPEN_FILES = Path("/proc/self/fd")
_INTERVAL_SECONDS = 0.25
# A process without connections has some ten.
_FEW_FILES = 32
_READING_SECONDS = 60.0
_LEAST_BYTES = 600_000
"""How much a client has to read in these seconds, if it never reads all that there is."""

_BYTES_ACKED = 120  # where struct tcp_info of Linux has tcpi_bytes_acked
_Peer: TypeAlias = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Since when a client has had something to read, and how many bytes it had read by then."""

    since: float
    read: int


class ConnectionGuard:
    """Closes the oldest connections of a network that has more than its share, and those whose client does not read.

    granian accepts connections by itself, limits their number only, shows one when its request has come, and keeps a
    response until its client has read it, however long that takes. So the guard finds connections among the open files
    of the process, which Linux lists. The oldest of too many are idle; a client that shares its network with them has
    sent its request before it is one of them.
    """

    def __init__(
        self, port: int, at_most: int, client_addresses: ClientAddresses, on_closed: Callable[[str, str], None]
    ) -> None:
        """Guard the at most `at_most` connections to a port; those of trusted proxies are those of many clients.

        on_closed: gets `too_many_connections` or `too_slow`, and the address of each connection that is closed.
        """
        self._port = port
        self._of_network = share_of_network(at_most)
        self._client_addresses = client_addresses
        self._on_closed = on_closed
        self._known: dict[_Peer, _Reading] = {}
        """The oldest come first."""
        self._slow: list[_Peer] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="connection-guard", daemon=True)

    def start(self) -> None:
        """Look at the connections four times a second, until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while _OPEN_FILES.is_dir() and not self._over.wait(_INTERVAL_SECONDS):
            files = [int(file.name) for file in _OPEN_FILES.iterdir()]
            if len(files) > _FEW_FILES:
                connections = self._connections(files)
                for code, peers in (("too_many_connections", self._excess()), ("too_slow", self._slow)):
                    for peer in peers:
                        self._close(peer, connections[peer], code)

    def _connections(self, files: list[int]) -> dict[_Peer, int]:
        """Return the file of each connection, by its peer."""
        found: dict[_Peer, int] = {}
        readings: dict[_Peer, _Reading] = {}
        self._slow = []
        for file in files:
            with suppress(OSError), _copy_of(file) as connection:
                if connection.family != socket.AF_UNIX and connection.getsockname()[1] == self._port:
                    peer = _peer_of(connection)
                    found[peer], readings[peer] = file, self._reading(peer, connection)
        self._known = {peer: readings[peer] for peer in [*self._known, *readings] if peer in readings}
        return found

    def _reading(self, peer: _Peer, connection: socket.socket) -> _Reading:
        now = _Reading(time.monotonic(), _bytes_read(connection))
        before = self._known.get(peer, now)
        if not _bytes_unread(connection):
            return now
        if now.since - before.since < _READING_SECONDS:
            return before
        if now.read - before.read < _LEAST_BYTES:
            self._slow.append(peer)
        return now

    def _excess(self) -> list[_Peer]:
        of_network: dict[str, list[_Peer]] = defaultdict(list)
        for peer in self._known:
            if not self._client_addresses.is_trusted(peer[0]):
                of_network[network_of(peer[0])].append(peer)
        return [peer for peers in of_network.values() for peer in peers[: -self._of_network]]

    def _close(self, peer: _Peer, file: int, code: str) -> None:
        # The file may be another one meanwhile.
        with suppress(OSError), _copy_of(file) as connection:
            if _peer_of(connection) == peer:
                connection.shutdown(socket.SHUT_RDWR)
                self._on_closed(code, peer[0])


def _bytes_unread(connection: socket.socket) -> int:
    """Return how many bytes the kernel keeps until the client takes them; see tcp(7)."""
    unread: int = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0]
    return unread


def _bytes_read(connection: socket.socket) -> int:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED + 8)
    read: int = struct.unpack_from("Q", info, _BYTES_ACKED)[0]
    return read


@contextmanager
def _copy_of(file: int) -> Iterator[socket.socket]:
    """Yield a socket with a file of its own, which granian cannot close; raises OSError if `file` is no socket.

    Another kind of file is not copied: closing a copy would end all locks of the process on it, those of SQLite too
    (fcntl(2)), whose journal another process would then remove.
    """
    if not stat.S_ISSOCK(os.fstat(file).st_mode):
        raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))
    copy = os.dup(file)
    # It stays open in the rare case that the file is another one by now.
    with socket.socket(fileno=copy) as connection:
        yield connection


def _peer_of(connection: socket.socket) -> _Peer:
    address, port = connection.getpeername()[:2]
    return address, port
