import logging
import threading
from collections.abc import Callable
from datetime import timedelta

_log = logging.getLogger("hexaccount.lookout")


class PeriodicTask:
    """Looks at something again and again, in a thread of its own, at once for the first time."""

    def __init__(self, look: Callable[[], None], *, interval: timedelta) -> None:
        self._look = look
        self._interval = interval
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more, once a look that is under way is done."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._look()
            except Exception:  # noqa: BLE001 - whatever goes wrong, there must be a next look
                _log.exception("figures of the service could not be looked at; this is tried again")
            if self._stopping.wait(self._interval.total_seconds()):
                return
