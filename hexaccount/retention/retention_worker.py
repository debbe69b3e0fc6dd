import logging
import random
import threading
from collections.abc import Callable
from datetime import timedelta

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.retention.apply_retention import RetentionResult

_log = logging.getLogger("hexaccount.retention")


class RetentionWorker:
    """Removes expired records now and then; any number of workers, in any number of processes, may do so."""

    def __init__(
        self,
        apply: Callable[[], RetentionResult],
        *,
        interval: timedelta = timedelta(minutes=1),
        rest: timedelta = timedelta(milliseconds=100),
    ) -> None:
        """Take a function that removes one batch of each kind, the mean interval, and the pause between batches."""
        self._apply = apply
        self._interval = interval
        self._rest = rest
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until `stop` is called; if the store is unavailable, the next interval tries again."""
        # Random, so that workers that started together do not work together.
        while not self._stopping.wait(self._interval.total_seconds() * random.uniform(0.5, 1.5)):  # noqa: S311 - jitter
            self.run_once()

    def run_once(self) -> None:
        """Remove all expired records, and log what fails."""
        try:
            while not self._remove_some() and not self._stopping.wait(self._rest.total_seconds()):
                pass
        except StoreUnavailable as error:
            _log.warning("expired records are not removed at this moment: %s", error)
        except Exception:  # noqa: BLE001 - whatever fails, the worker must go on
            _log.exception("expired records could not be removed; this is tried again")

    def stop(self) -> None:
        """Let `run` return after the current batch."""
        self._stopping.set()

    def _remove_some(self) -> bool:
        result = self._apply()
        removed = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in result.removed.items() if count)
        if removed:
            _log.info("removed %s", removed)
        return result.finished
