import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

from hexaccount_granian.front import Front
from hexaccount_granian.rsgi import HttpProtocol, Scope
from hexaccount_granian.signals import STOP_SIGNALS
from hexaccount_granian.worker import Worker


@dataclass(frozen=True, slots=True)
class LoadChild:
    """What granian calls in a new worker process to have its application."""

    load: Callable[[], Worker]
    ready: Connection

    def __call__(self) -> "Child":
        # Asked to stop before it has begun: opening pools only to close them would keep the parent waiting.
        if signal.SIGTERM in signal.sigpending():
            sys.exit(0)
        return Child(Front(self.load), self.ready)


class Child:
    """A front that lives in a worker process."""

    def __init__(self, front: Front, ready: Connection) -> None:
        """Take the front to serve, and the connection on which to say that it does."""
        self._front = front
        self._ties = Ties(ready)
        self.__rsgi__: Callable[[Scope, HttpProtocol], Awaitable[None]] = front.__rsgi__

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._ties.bind(loop)
        self._front.__rsgi_init__(loop)
        # Runs when the loop does, and by then granian listens and has its handlers in place.
        loop.call_soon(self._ties.open)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._front.__rsgi_del__(loop)


class Ties:
    """What ties a worker process to its parent: it obeys it, tells it when it is ready, and does not outlive it."""

    def __init__(self, ready: Connection) -> None:
        """Take the connection on which to say that the worker serves."""
        self._ready = ready

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the worker end when its parent is gone."""
        parent = multiprocessing.parent_process()
        if parent is not None:
            loop.add_reader(parent.sentinel, self._stop_orphan, loop, parent.sentinel)

    def open(self) -> None:
        """Say that the worker serves, and obey from now on."""
        self.announce()
        self.obey()

    def announce(self) -> None:
        """Say that the worker serves."""
        # Ctrl-C in a terminal reaches the whole process group, but when to stop is for the parent to say.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._ready.send_bytes(b"ready")

    def obey(self) -> None:
        """Let through the order to stop, which was held back until now."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def _stop_orphan(self, loop: asyncio.AbstractEventLoop, sentinel: int) -> None:
        loop.remove_reader(sentinel)
        os.kill(os.getpid(), signal.SIGTERM)
