"""The pool of connections, and what is told of it."""

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


def told_pool(metrics: Metrics, *, size: int) -> type[sa.QueuePool]:
    """Return a kind of pool of up to `size` connections; it tells how long is waited for one while all are in use."""

    class ToldPool(sa.QueuePool):
        __module__ = sa.QueuePool.__module__  # by which the library finds its log: that of all its pools

        def connect(self) -> PoolProxiedConnection:
            if self.checkedout() < size:
                return super().connect()
            began = perf_counter()
            try:
                return super().connect()
            finally:
                metrics.observe(STORE_CONNECTION_WAITS, perf_counter() - began)

    return ToldPool


def tell_of_pool(engine: sa.Engine, metrics: Metrics, *, size: int) -> None:
    """Have it taken down how many connections there are."""

    def pool() -> sa.QueuePool:
        return cast("sa.QueuePool", engine.pool)

    metrics.declare(STORE_CONNECTION_WAITS)
    metrics.set(STORE_CONNECTIONS_LIMIT, size)
    metrics.observe_callback(STORE_CONNECTIONS_IN_USE, lambda: pool().checkedout())
    metrics.observe_callback(STORE_CONNECTIONS, lambda: pool().checkedin() + pool().checkedout())
