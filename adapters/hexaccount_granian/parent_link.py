import asyncio
import multiprocessing
import os
import signal
from multiprocessing.connection import Connection

from hexaccount_granian.signals import STOP_SIGNALS


class ParentLink:
    """Connects a worker process to its parent: it reports readiness, obeys stop signals, and ends with the parent."""

    def __init__(self, ready: Connection) -> None:
        self._ready = ready

    def watch_parent(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop the worker in an orderly way if its parent dies."""
        parent = multiprocessing.parent_process()
        if parent is not None:
            loop.add_reader(parent.sentinel, self._stop_orphan, loop, parent.sentinel)

    def report_ready(self) -> None:
        # Ctrl-C in a terminal reaches the whole process group, but only the parent decides when a worker stops.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._ready.send_bytes(b"ready")

    def unblock_stop_signals(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def _stop_orphan(self, loop: asyncio.AbstractEventLoop, sentinel: int) -> None:
        loop.remove_reader(sentinel)
        os.kill(os.getpid(), signal.SIGTERM)
