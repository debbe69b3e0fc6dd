import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

from hexaccount_granian.asyncio_child import AsyncioChild
from hexaccount_granian.bridge import WsgiBridge
from hexaccount_granian.connection_guard import ConnectionGuard
from hexaccount_granian.draining import Draining
from hexaccount_granian.listener import ListenAddress
from hexaccount_granian.parent_link import ParentLink
from hexaccount_granian.worker import Worker


@dataclass(frozen=True, slots=True)
class ChildFactory:
    """Creates the application of a worker process; granian calls it there."""

    make_worker: Callable[[], Any]  # an AsyncioWorker if `asyncio`, a Worker otherwise
    draining: Draining
    ready: Connection
    address: ListenAddress
    asyncio: bool

    def __call__(self) -> "RsgiChild | AsyncioChild":
        # Do not open pools only to close them: the parent waits for this worker to end.
        if signal.SIGTERM in signal.sigpending():
            sys.exit(0)
        link = ParentLink(self.ready)
        if self.asyncio:
            return AsyncioChild(self.make_worker(), self.draining, link, self.address)
        return RsgiChild(self.make_worker, link, self.address)


class RsgiChild(WsgiBridge):
    """The bridge as it runs in a worker process."""

    def __init__(self, make_worker: Callable[[], Worker], link: ParentLink, address: ListenAddress) -> None:
        super().__init__(make_worker)
        self._link = link
        self._address = address
        self._guard: ConnectionGuard

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._link.watch_parent(loop)
        super().__rsgi_init__(loop)
        address = self._address
        self._guard = ConnectionGuard(
            address.port,
            address.max_connections,
            self._worker.client_addresses,
            on_closed=partial(self._worker.on_refused, "connect"),
        )
        self._guard.start()
        # When the loop runs, granian listens and has installed its signal handlers.
        loop.call_soon(self._link.report_ready)
        loop.call_soon(self._link.unblock_stop_signals)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._guard.stop()
        super().__rsgi_del__(loop)
