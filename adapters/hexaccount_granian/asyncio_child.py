import asyncio
import signal
from collections.abc import Callable
from typing import Any

from hexaccount_granian.asyncio_worker import AsyncioWorker
from hexaccount_granian.draining import Draining
from hexaccount_granian.listener import ListenAddress
from hexaccount_granian.parent_link import ParentLink
from hexaccount_granian.signals import STOP_SIGNALS

_POLL_SECONDS = 0.1


class AsyncioChild:
    """An AsyncioWorker as it runs in a worker process."""

    def __init__(self, worker: AsyncioWorker, draining: Draining, link: ParentLink, address: ListenAddress) -> None:
        self._worker = worker
        self._draining = draining
        self._link = link
        self._address = address

    async def run(self) -> None:
        """Serve until the parent stops this process; stop signals stay blocked, and are looked for."""
        self._link.watch_parent(asyncio.get_running_loop())
        await self._worker.start(self._address.bind(), self._address.max_connections)
        self._link.report_ready()
        await _until(lambda: self._draining.is_set() or bool(STOP_SIGNALS & signal.sigpending()))
        await self._worker.drain()
        # Only the parent sends this one: it knows when a balancer has noticed.
        await _until(lambda: signal.SIGTERM in signal.sigpending())
        await self._worker.stop()
        await asyncio.to_thread(self._worker.close)


def run_asyncio_worker(
    _number: int, _name: str, make_child: Callable[[], AsyncioChild], *_settings_of_granian: Any
) -> None:
    """Run a worker process that granian's parent has started, in the place of granian's own server."""
    asyncio.run(make_child().run())


async def _until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(_POLL_SECONDS)
