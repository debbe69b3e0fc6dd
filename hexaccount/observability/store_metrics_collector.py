import logging
from collections.abc import Callable, Collection

from hexaccount.events.metrics import OUTBOX_AGE, OUTBOX_DEAD_LETTERS, OUTBOX_EVENTS
from hexaccount.events.ports import Outbox
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.identifiers import moment_of
from hexaccount.kernel.metrics import Metrics
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.observability.metrics import READY
from hexaccount.signing_keys.ports import SignerUnreadable
from hexaccount.store_kit.store import SchemaMismatch

MOST_COUNTED = 10_000
_log = logging.getLogger("hexaccount.observability")


class StoreMetricsCollector:
    """Measures whether the process can serve, and the backlog of each subscriber.

    A thread of its own reads the store, not the request for metrics: these must be available above all when the store
    is not.
    """

    def __init__(
        self,
        outbox: Outbox,
        subscribers: Collection[str],
        *,
        check: Callable[[], None],
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """Take the subscribers' names, and a check that raises StoreUnavailable, SchemaMismatch or SignerUnreadable."""
        self._outbox = outbox
        self._check = check
        self._subscribers = subscribers
        self._clock = clock
        self._metrics = metrics

    def collect(self) -> None:
        """Record the present state; if it cannot be read, the process counts as not ready."""
        try:
            self._measure_readiness()
            for subscriber in self._subscribers:
                self._measure_backlog(subscriber)
        except (StoreUnavailable, SchemaMismatch, SignerUnreadable) as error:
            _log.debug("not ready: %s", error)

    def _measure_readiness(self) -> None:
        ready = 0
        try:
            self._check()
            ready = 1
        finally:
            self._metrics.set(READY, ready)

    def _measure_backlog(self, subscriber: str) -> None:
        backlog = self._outbox.backlog(subscriber, limit=MOST_COUNTED)
        waited = 0.0 if backlog.oldest is None else (self._clock.now() - moment_of(backlog.oldest)).total_seconds()
        self._metrics.set(OUTBOX_EVENTS, backlog.pending, subscriber)
        self._metrics.set(OUTBOX_AGE, max(0.0, waited), subscriber)
        self._metrics.set(OUTBOX_DEAD_LETTERS, backlog.dead_letters, subscriber)
