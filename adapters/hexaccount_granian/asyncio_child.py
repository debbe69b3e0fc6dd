import asyncio
import signal
from collections.abc import Callable
from typing import Any

from hexaccount_granian.asyncio_worker import AsyncioWorker
from hexaccount_granian.draining import Draining
from hexaccount_granian.listener import share_address
from hexaccount_granian.parent_link import ParentLink
from hexaccount_granian.signals import STOP_SIGNALS

_POLL_SECONDS = 0.1


class AsyncioChild:
    """An AsyncioWorker as it runs in a worker process."""

    def __init__(self, worker: AsyncioWorker, draining: Draining, link: ParentLink) -> None:
        self._worker = worker
        self._draining = draining
        self._link = link

    async def run(self, host: str, port: int, max_connections: int) -> None:
        """Serve until the parent stops this process; stop signals stay blocked, and are looked for."""
        self._link.watch_parent(asyncio.get_running_loop())
        await self._worker.start(share_address(host, port), max_connections)
        self._link.report_ready()
        await _until(lambda: self._draining.is_set() or bool(STOP_SIGNALS & signal.sigpending()))
        await self._worker.drain()
        # Only the parent sends this one: it knows when a balancer has noticed.
        await _until(lambda: signal.SIGTERM in signal.sigpending())
        await self._worker.stop()
        await asyncio.to_thread(self._worker.close)


def run_asyncio_worker(
    host: str,
    port: int,
    max_connections: int,
    # granian passes the settings of its own server.
    *of_granian: Any,
) -> None:
    """Run a worker process that granian's parent has started, in the place of granian's own server."""
    _number, _process_name, make_child = of_granian[:3]
    asyncio.run(make_child().run(host, port, max_connections))


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(_POLL_SECONDS)
