import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from hexaccount_granian.asyncio_child import AsyncioChild
from hexaccount_granian.bridge import WsgiBridge
from hexaccount_granian.draining import Draining
from hexaccount_granian.parent_link import ParentLink
from hexaccount_granian.worker import Worker


@dataclass(frozen=True, slots=True)
class ChildFactory:
    """Creates the application of a worker process; granian calls it there."""

    make_worker: Callable[[], Any]  # an AsyncioWorker if `asyncio`, a Worker otherwise
    draining: Draining
    ready: Connection
    asyncio: bool

    def __call__(self) -> "RsgiChild | AsyncioChild":
        # Do not open pools only to close them: the parent waits for this worker to end.
        if signal.SIGTERM in signal.sigpending():
            sys.exit(0)
        link = ParentLink(self.ready)
        if self.asyncio:
            return AsyncioChild(self.make_worker(), self.draining, link)
        return RsgiChild(self.make_worker, link)


class RsgiChild(WsgiBridge):
    """The bridge as it runs in a worker process."""

    def __init__(self, make_worker: Callable[[], Worker], link: ParentLink) -> None:
        super().__init__(make_worker)
        self._link = link

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._link.watch_parent(loop)
        super().__rsgi_init__(loop)
        # When the loop runs, granian listens and has installed its signal handlers.
        loop.call_soon(self._link.report_ready)
        loop.call_soon(self._link.unblock_stop_signals)
