"""Counts the events that are committed."""

from collections.abc import Iterable

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.metrics import EVENTS
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.metrics import Metrics


class EventMetrics:
    """A commit hook that counts events by type."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for event_type in EVENT_TYPES:
            metrics.declare(EVENTS, event_type)

    def __call__(self, entries: Iterable[JournalEntry]) -> None:
        """Count the events of a commit."""
        for entry in entries:
            self._metrics.add(EVENTS, 1, entry.type)
