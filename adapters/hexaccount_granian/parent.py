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

# `timeout`, process managers and wrappers in a terminal may send one order twice: to the process and to its group.
_ECHO = 0.5


class Announcer(threading.Thread):
    """Waits until all workers are ready, and says so once."""

    def __init__(self, reports: Connection, workers: int, announce: Callable[[], None]) -> None:
        """Take the connection on which workers report, their number, and what to call when all have."""
        super().__init__(name="announcer", daemon=True)
        self._reports = reports
        self._workers = workers
        self._announce = announce

    def run(self) -> None:
        """Count reports; end without a word when all who might report are gone."""
        try:
            for _ in range(self._workers):
                self._reports.recv_bytes()
        except EOFError:
            return
        self._announce()


class Stopper(threading.Thread):
    """Takes the stop signals, which everybody else holds back, and brings the server to its end.

    The first one starts the draining and, after its delay, closes the doors; a second one ends the workers at once.
    """

    def __init__(
        self,
        server: WorkerProcesses,
        *,
        draining: Draining,
        delay: Callable[[], float],
        on_stopping: Callable[[], None],
    ) -> None:
        """Take the server to stop, the flag its workers look at, the delay (asked when it is due), and whom to tell."""
        super().__init__(name="stopper", daemon=True)
        self._server = server
        self._draining = draining
        self._delay = delay
        self._on_stopping = on_stopping
        self._echoes_end = -math.inf
        self._over = False

    def run(self) -> None:
        """Obey signals until `finish`."""
        self._order(until=math.inf)
        if self._over:
            return
        self._echoes_end = time.monotonic() + _ECHO
        self._draining.set()
        self._tell()
        hurried = self._order(until=time.monotonic() + self._delay())
        self._server.close_doors()
        if hurried or self._order(until=math.inf):
            self._end_at_once()

    def finish(self) -> None:
        """End the thread, for the server has ended."""
        self._over = True
        os.kill(os.getpid(), signal.SIGTERM)
        self.join()

    def _order(self, until: float) -> bool:
        """Wait for a signal that is no echo of the last; return whether it, or `finish`, came before `until`."""
        while not self._over and (remaining := until - time.monotonic()) > 0:
            signalled = signal.sigtimedwait(STOP_SIGNALS, min(remaining, 3600)) is not None
            if signalled and time.monotonic() >= self._echoes_end:
                return True
        return self._over

    def _end_at_once(self) -> None:
        # Again and again, for one may just be starting.
        while not self._over:
            self._server.kill_workers()
            signal.sigtimedwait(STOP_SIGNALS, 0.1)

    def _tell(self) -> None:
        try:
            self._on_stopping()
        except Exception:  # whoever announces is not ours, and the service must end all the same
            _logger.exception("the announcement of the end failed")
