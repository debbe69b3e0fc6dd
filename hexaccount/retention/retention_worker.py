import logging
import random
import threading
from collections.abc import Callable
from datetime import timedelta

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.retention.apply_retention import RetentionResult

_log = logging.getLogger("hexaccount.purger")


class RetentionWorker:
    """Removes leftovers every now and then; any number of purgers, in any number of processes, may do so."""

    def __init__(
        self,
        purge: Callable[[], RetentionResult],
        *,
        interval: timedelta = timedelta(minutes=1),
        rest: timedelta = timedelta(milliseconds=100),
    ) -> None:
        """Take what removes one batch of each kind, about how often to begin, and how long to rest between batches."""
        self._purge = purge
        self._interval = interval
        self._rest = rest
        self._stopping = threading.Event()

    def run(self) -> None:
        """Purge until `stop` is called; a store that is away is asked again at the next turn."""
        # Half of each pause is left to chance, so that those who began together do not work together.
        while not self._stopping.wait(self._interval.total_seconds() * random.uniform(0.5, 1.5)):  # noqa: S311 - jitter
            self.run_once()

    def run_once(self) -> None:
        """Remove all there is, and log what went wrong."""
        try:
            while not self._remove_some() and not self._stopping.wait(self._rest.total_seconds()):
                pass
        except StoreUnavailable as error:
            _log.warning("leftovers are not removed at this moment: %s", error)
        except Exception:  # noqa: BLE001 - whatever goes wrong, the purger must go on
            _log.exception("leftovers could not be removed; this is tried again")

    def stop(self) -> None:
        """Let `run` return once the batch in hand is done."""
        self._stopping.set()

    def _remove_some(self) -> bool:
        purged = self._purge()
        told = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in purged.removed.items() if count)
        if told:
            _log.info("removed %s", told)
        return purged.finished
