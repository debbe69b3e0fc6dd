import logging
import math
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from hexaccount_granian.draining import Draining
from hexaccount_granian.processes import WorkerProcesses
from hexaccount_granian.signals import STOP_SIGNALS

_logger = logging.getLogger(__name__)

# `timeout`, process managers and shell wrappers may send one signal twice: to the process and to its group.
_DUPLICATE_SECONDS = 0.5


def notify_when_ready(reports: Connection, workers: int, on_ready: Callable[[], None]) -> None:
    """Wait for the readiness reports of all workers, and call `on_ready`, unless all processes end before."""
    try:
        for _ in range(workers):
            reports.recv_bytes()
    except EOFError:
        return
    on_ready()


class ShutdownHandler(threading.Thread):
    """Receives the stop signals, which all other threads block, and shuts the server down.

    The first signal starts draining. After `drain_delay` seconds, or at once if `started` is not set, the server
    accepts no more connections. A second signal kills the workers.
    """

    def __init__(
        self,
        server: WorkerProcesses,
        *,
        draining: Draining,
        drain_delay: float,
        on_stopping: Callable[[], None],
    ) -> None:
        super().__init__(name="shutdown-handler", daemon=True)
        self._server = server
        self._draining = draining
        self.started = threading.Event()
        self._drain_delay = drain_delay
        self._on_stopping = on_stopping
        self._duplicates_until = -math.inf
        self._finished = False

    def run(self) -> None:
        self._wait_for_signal(until=math.inf)
        if self._finished:
            return
        self._duplicates_until = time.monotonic() + _DUPLICATE_SECONDS
        self._draining.set()
        self._notify()
        delay = self._drain_delay if self.started.is_set() else 0.0
        second = self._wait_for_signal(until=time.monotonic() + delay)
        self._server.stop_accepting()
        if second or self._wait_for_signal(until=math.inf):
            self._kill_workers()

    def finish(self) -> None:
        """End this thread; call it when the server has ended."""
        self._finished = True
        os.kill(os.getpid(), signal.SIGTERM)
        self.join()

    def _wait_for_signal(self, until: float) -> bool:
        """Return whether a signal that is no duplicate, or `finish`, came before `until`."""
        while not self._finished and (remaining := until - time.monotonic()) > 0:
            signalled = signal.sigtimedwait(STOP_SIGNALS, min(remaining, 3600)) is not None
            if signalled and time.monotonic() >= self._duplicates_until:
                return True
        return self._finished

    def _kill_workers(self) -> None:
        # Repeatedly, because a worker may just be starting.
        while not self._finished:
            self._server.kill_workers()
            signal.sigtimedwait(STOP_SIGNALS, 0.1)

    def _notify(self) -> None:
        try:
            self._on_stopping()
        except Exception:  # the callback is foreign code, and the service must stop all the same
            _logger.exception("the on_stopping callback failed")
