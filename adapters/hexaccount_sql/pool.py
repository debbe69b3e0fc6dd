"""The pool of connections and its metrics."""

from time import perf_counter
from typing import cast

import sqlalchemy as sa
from sqlalchemy.pool import PoolProxiedConnection

from hexaccount.kernel.metrics import Metrics
from hexaccount.store_kit.metrics import (
    STORE_CONNECTION_WAITS,
    STORE_CONNECTIONS,
    STORE_CONNECTIONS_IN_USE,
    STORE_CONNECTIONS_LIMIT,
)


def instrumented_pool(metrics: Metrics, *, size: int) -> type[sa.QueuePool]:
    """Return a class of pools that observes how long callers wait for a connection while all `size` are in use."""

    class InstrumentedPool(sa.QueuePool):
        __module__ = sa.QueuePool.__module__  # the library derives the name of its logger from it

        def connect(self) -> PoolProxiedConnection:
            if self.checkedout() < size:
                return super().connect()
            began = perf_counter()
            try:
                return super().connect()
            finally:
                metrics.observe(STORE_CONNECTION_WAITS, perf_counter() - began)

    return InstrumentedPool


def observe_pool(engine: sa.Engine, metrics: Metrics, *, size: int) -> None:
    """Export how many connections are open and in use."""

    def pool() -> sa.QueuePool:
        return cast("sa.QueuePool", engine.pool)

    metrics.declare(STORE_CONNECTION_WAITS)
    metrics.set(STORE_CONNECTIONS_LIMIT, size)
    metrics.observe_callback(STORE_CONNECTIONS_IN_USE, lambda: pool().checkedout())
    metrics.observe_callback(STORE_CONNECTIONS, lambda: pool().checkedin() + pool().checkedout())
