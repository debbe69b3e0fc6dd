import os
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

from hexaccount.kernel.network import network_of, share_of_network
from hexaccount_granian.client_address import ClientAddresses

_OPEN_FILES = Path("/proc/self/fd")
_INTERVAL_SECONDS = 0.25
_Peer: TypeAlias = tuple[str, int]


class ConnectionGuard:
    """Closes the oldest connections of a network that has more than its share of those of this process.

    granian accepts connections by itself, limits their number only, and shows one when its request has come. So the
    guard finds them among the open files of the process, which Linux lists. The oldest of too many are idle; a client
    that shares its network with them has sent its request before it is one of them.
    """

    def __init__(
        self, port: int, at_most: int, client_addresses: ClientAddresses, on_closed: Callable[[str], None]
    ) -> None:
        """Guard the at most `at_most` connections to a port; those of trusted proxies are those of many clients.

        on_closed: gets the address of each connection that is closed.
        """
        self._port = port
        self._of_network = share_of_network(at_most)
        self._client_addresses = client_addresses
        self._on_closed = on_closed
        self._known: dict[_Peer, None] = {}
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
            # As long as it has few files, no network has more connections than its share.
            if len(files) > self._of_network:
                self._close_excess(self._connections(files))

    def _connections(self, files: list[int]) -> dict[_Peer, int]:
        """Return the file of each connection, by its peer; the oldest come first."""
        found: dict[_Peer, int] = {}
        for file in files:
            with suppress(OSError), _copy_of(file) as connection:
                if connection.family != socket.AF_UNIX and connection.getsockname()[1] == self._port:
                    found[_peer_of(connection)] = file
        self._known = {peer: None for peer in [*self._known, *found] if peer in found}
        return {peer: found[peer] for peer in self._known}

    def _close_excess(self, connections: dict[_Peer, int]) -> None:
        of_network: dict[str, list[_Peer]] = defaultdict(list)
        for peer in connections:
            if not self._client_addresses.is_trusted(peer[0]):
                of_network[network_of(peer[0])].append(peer)
        for peers in of_network.values():
            for peer in peers[: -self._of_network]:
                # The file may be another one meanwhile.
                with suppress(OSError), _copy_of(connections[peer]) as connection:
                    if _peer_of(connection) == peer:
                        connection.shutdown(socket.SHUT_RDWR)
                        self._on_closed(peer[0])


@contextmanager
def _copy_of(file: int) -> Iterator[socket.socket]:
    """Yield a socket with a file of its own, which granian cannot close; raises OSError if `file` is no socket."""
    copy = os.dup(file)
    try:
        connection = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
    with connection:
        yield connection


def _peer_of(connection: socket.socket) -> _Peer:
    address, port = connection.getpeername()[:2]
    return address, port
