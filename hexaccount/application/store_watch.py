import logging
from collections.abc import Collection

from hexaccount.application.measures import OUTBOX_AGE, OUTBOX_EVENTS, OUTBOX_SET_ASIDE, READY
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.identifiers import moment_of
from hexaccount.application.ports.metrics import Metrics
from hexaccount.application.ports.store import SchemaMismatch, Store
from hexaccount.application.ports.unit_of_work import StoreUnavailable

MOST_COUNTED = 10_000
_log = logging.getLogger("hexaccount.lookout")


class StoreWatch:
    """Looks whether the store is in order, and at what has piled up in it for each subscriber.

    The store is asked by a thread of its own and not by who wants to know the figures: they must be there above all
    when the store is not.
    """

    def __init__(self, store: Store, subscribers: Collection[str], *, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._subscribers = subscribers
        self._clock = clock
        self._metrics = metrics

    def look(self) -> None:
        """Take down how it is; of a store that is away, that it is."""
        try:
            self._check()
            for subscriber in self._subscribers:
                self._look_for(subscriber)
        except (StoreUnavailable, SchemaMismatch) as error:
            _log.debug("the store is not in order: %s", error)

    def _check(self) -> None:
        ready = 0
        try:
            self._store.check()
            ready = 1
        finally:
            self._metrics.set(READY, ready)

    def _look_for(self, subscriber: str) -> None:
        backlog = self._store.outbox.backlog(subscriber, limit=MOST_COUNTED)
        waited = 0.0 if backlog.oldest is None else (self._clock.now() - moment_of(backlog.oldest)).total_seconds()
        self._metrics.set(OUTBOX_EVENTS, backlog.owed, subscriber)
        self._metrics.set(OUTBOX_AGE, max(0.0, waited), subscriber)
        self._metrics.set(OUTBOX_SET_ASIDE, backlog.set_aside, subscriber)
