"""Metrics of the driver's connection pools."""

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


class PoolMetricsListener(ConnectionPoolListener):
    """Exports the number of connections to all servers, and how long callers wait for one while all are in use.

    Each server of a replica set has a pool; almost all operations use the primary's.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._size = 0
        self._open = 0
        self._in_use = 0
        self._lock = threading.Lock()
        self._thread = threading.local()
        metrics.declare(STORE_CONNECTION_WAITS)
        metrics.observe_callback(STORE_CONNECTIONS, lambda: self._open)
        metrics.observe_callback(STORE_CONNECTIONS_IN_USE, lambda: self._in_use)

    def pool_created(self, event: PoolCreatedEvent) -> None:
        """Export the size of the pool."""
        self._size = event.options.get("maxPoolSize", 0) or 0
        self._metrics.set(STORE_CONNECTIONS_LIMIT, self._size)

    def connection_created(self, _event: ConnectionCreatedEvent) -> None:
        """Count the connection."""
        with self._lock:
            self._open += 1

    def connection_closed(self, _event: ConnectionClosedEvent) -> None:
        """Uncount the connection."""
        with self._lock:
            self._open -= 1

    def connection_check_out_started(self, _event: ConnectionCheckOutStartedEvent) -> None:
        """Remember, per thread, whether all connections are in use."""
        self._thread.pool_exhausted = 0 < self._size <= self._in_use

    def connection_checked_out(self, event: ConnectionCheckedOutEvent) -> None:
        """Count the connection as in use, and observe the wait."""
        with self._lock:
            self._in_use += 1
        self._observe_wait(event.duration)

    def connection_check_out_failed(self, event: ConnectionCheckOutFailedEvent) -> None:
        """Observe the wait."""
        self._observe_wait(event.duration)

    def connection_checked_in(self, _event: ConnectionCheckedInEvent) -> None:
        """Uncount the connection in use."""
        with self._lock:
            self._in_use -= 1

    def _observe_wait(self, seconds: float | None) -> None:
        if self._thread.pool_exhausted:
            self._metrics.observe(STORE_CONNECTION_WAITS, seconds or 0.0)

    def connection_ready(self, event: ConnectionReadyEvent) -> None:
        """Do nothing: connections are counted at creation."""

    def pool_ready(self, event: PoolReadyEvent) -> None:
        """Do nothing: no metric changes."""

    def pool_cleared(self, event: PoolClearedEvent) -> None:
        """Do nothing: each closed connection has an event of its own."""

    def pool_closed(self, event: PoolClosedEvent) -> None:
        """Do nothing: each closed connection has an event of its own."""
