import asyncio
import signal
from collections.abc import MutableMapping
from typing import Any

from hexaccount_granian.asgi_worker import AsgiWorker, Receive, Send
from hexaccount_granian.draining import Draining
from hexaccount_granian.parent_link import ParentLink
from hexaccount_granian.signals import STOP_SIGNALS

_POLL_SECONDS = 0.1
# granian blocks the loop while it starts, and listens when the loop runs again; the report is due after that.
_START_SECONDS = 0.05


class AsgiChild:
    """The ASGI application that granian runs in a worker process."""

    def __init__(self, worker: AsgiWorker, draining: Draining, link: ParentLink) -> None:
        self._worker = worker
        self._draining = draining
        self._link = link

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
        else:
            await self._worker.application(scope, receive, send)

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        loop = asyncio.get_running_loop()
        self._link.watch_parent(loop)
        await self._worker.start()
        drain = loop.create_task(self._drain())
        loop.call_later(_START_SECONDS, self._link.report_ready)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await drain
        await asyncio.to_thread(self._worker.close)
        await send({"type": "lifespan.shutdown.complete"})

    async def _drain(self) -> None:
        # Before granian receives the stop signal: it cuts open WebSockets without a close frame.
        while not self._draining.is_set() and not STOP_SIGNALS & signal.sigpending():
            await asyncio.sleep(_POLL_SECONDS)
        await self._worker.drain()
        self._link.unblock_stop_signals()
