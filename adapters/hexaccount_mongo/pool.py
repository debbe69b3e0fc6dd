"""What is told of the driver's pools of connections."""

import threading

from pymongo.monitoring import (
    ConnectionCheckedInEvent,
    ConnectionCheckedOutEvent,
    ConnectionCheckOutFailedEvent,
    ConnectionCheckOutStartedEvent,
    ConnectionClosedEvent,
    ConnectionCreatedEvent,
    ConnectionPoolListener,
    ConnectionReadyEvent,
    PoolClearedEvent,
    PoolClosedEvent,
    PoolCreatedEvent,
    PoolReadyEvent,
)

from hexaccount.kernel.metrics import Metrics
from hexaccount.store_kit.metrics import (
    STORE_CONNECTION_WAITS,
    STORE_CONNECTIONS,
    STORE_CONNECTIONS_IN_USE,
    STORE_CONNECTIONS_LIMIT,
)


class ToldPools(ConnectionPoolListener):
    """Tells how many connections there are to all servers, and how long is waited for one while all are in use.

    There is a pool for each server of a replica set, and almost all work is done on the primary's.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._size = 0
        self._open = 0
        self._in_use = 0
        self._lock = threading.Lock()
        self._here = threading.local()
        metrics.declare(STORE_CONNECTION_WAITS)
        metrics.observe_callback(STORE_CONNECTIONS, lambda: self._open)
        metrics.observe_callback(STORE_CONNECTIONS_IN_USE, lambda: self._in_use)

    def pool_created(self, event: PoolCreatedEvent) -> None:
        """Note how many connections there may be."""
        self._size = event.options.get("maxPoolSize", 0) or 0
        self._metrics.set(STORE_CONNECTIONS_LIMIT, self._size)

    def connection_created(self, _event: ConnectionCreatedEvent) -> None:
        """Count it."""
        with self._lock:
            self._open += 1

    def connection_closed(self, _event: ConnectionClosedEvent) -> None:
        """Count it no more."""
        with self._lock:
            self._open -= 1

    def connection_check_out_started(self, _event: ConnectionCheckOutStartedEvent) -> None:
        """Note, for the thread that wants one, whether all are in use."""
        self._here.waits = 0 < self._size <= self._in_use

    def connection_checked_out(self, event: ConnectionCheckedOutEvent) -> None:
        """Count it as used."""
        with self._lock:
            self._in_use += 1
        self._tell_wait(event.duration)

    def connection_check_out_failed(self, event: ConnectionCheckOutFailedEvent) -> None:
        """Take down a wait that was for nothing."""
        self._tell_wait(event.duration)

    def connection_checked_in(self, _event: ConnectionCheckedInEvent) -> None:
        """Count it as used no more."""
        with self._lock:
            self._in_use -= 1

    def _tell_wait(self, seconds: float | None) -> None:
        if self._here.waits:
            self._metrics.observe(STORE_CONNECTION_WAITS, seconds or 0.0)

    def connection_ready(self, event: ConnectionReadyEvent) -> None:
        """Return: it was counted when it was created."""

    def pool_ready(self, event: PoolReadyEvent) -> None:
        """Return: that changes no figure."""

    def pool_cleared(self, event: PoolClearedEvent) -> None:
        """Return: each connection that is closed is told of."""

    def pool_closed(self, event: PoolClosedEvent) -> None:
        """Return: each connection that is closed is told of."""
