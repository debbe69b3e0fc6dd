import asyncio
import signal
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from hexaccount_granian.asgi_worker import AsgiWorker, Receive, Send
from hexaccount_granian.child import Ties
from hexaccount_granian.draining import Draining
from hexaccount_granian.signals import STOP_SIGNALS

_GLANCE = 0.1
# The loop has stopped for the length of the start by then, and runs again when granian listens.
_OPENING = 0.05


@dataclass(frozen=True, slots=True)
class LoadAsgiChild:
    """What granian calls in a new worker process to have its application."""

    load: Callable[[], AsgiWorker]
    draining: Draining
    ready: Connection

    def __call__(self) -> "AsgiChild":
        if signal.SIGTERM in signal.sigpending():
            sys.exit(0)
        return AsgiChild(self.load(), self.draining, self.ready)


class AsgiChild:
    """An ASGI application that lives in a worker process."""

    def __init__(self, worker: AsgiWorker, draining: Draining, ready: Connection) -> None:
        """Take what is served, whether the end has come, and the connection on which to say that it serves."""
        self._worker = worker
        self._draining = draining
        self._ties = Ties(ready)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._worker.application(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        loop = asyncio.get_running_loop()
        self._ties.bind(loop)
        await self._worker.start()
        watch = loop.create_task(self._drain_when_told())
        loop.call_later(_OPENING, self._ties.announce)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await watch
        await asyncio.to_thread(self._worker.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _drain_when_told(self) -> None:
        """Drain before granian learns that it is to stop: it would end open WebSockets without a word."""
        while not self._draining.is_set() and not STOP_SIGNALS & signal.sigpending():
            await asyncio.sleep(_GLANCE)
        await self._worker.drain()
        self._ties.obey()
