from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from hexaccount.kernel.network import network_of, share_of_network
from hexaccount_socketio.refusals import RefusalObserver


class TooManyConnections(Exception):
    """The process, or the network of the client, has as many connections as it may have."""


class ConnectionLimit:
    """Counts the connections of a process, and those of each network."""

    def __init__(self, at_most: int, on_refused: RefusalObserver) -> None:
        """Allow `at_most` in total, and its share to each network."""
        self._at_most = at_most
        self._on_refused = on_refused
        self._of_network = share_of_network(at_most)
        self._open = 0
        self._networks: Counter[str] = Counter()

    @contextmanager
    def connection(self, peer: str) -> Iterator[None]:
        """Count a connection in total; raises TooManyConnections."""
        if self._open >= self._at_most:
            self._on_refused("connect", "full", peer)
            raise TooManyConnections
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    @contextmanager
    def of_client(self, address: str) -> Iterator[None]:
        """Count a connection of the client at an address; raises TooManyConnections."""
        network = network_of(address)
        if self._networks[network] >= self._of_network:
            self._on_refused("connect", "too_many_sockets", address)
            raise TooManyConnections
        self._networks[network] += 1
        try:
            yield
        finally:
            self._networks[network] -= 1
            if not self._networks[network]:
                del self._networks[network]
