import logging
import threading
from collections.abc import Callable
from datetime import timedelta

_log = logging.getLogger("hexaccount.observability")


class PeriodicTask:
    """Runs a function at intervals in a thread, for the first time at once."""

    def __init__(self, run: Callable[[], None], *, interval: timedelta) -> None:
        self._run_once = run
        self._interval = interval
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="periodic-task", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread after the current run."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._run_once()
            except Exception:  # noqa: BLE001 - whatever fails, the next run must take place
                _log.exception("metrics could not be collected; this is tried again")
            if self._stopping.wait(self._interval.total_seconds()):
                return
