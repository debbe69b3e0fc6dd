"""What is counted of the events: every commit that is told of in the words of the business."""

from collections.abc import Iterable

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.metrics import EVENTS
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.metrics import Metrics


class EventMetrics:
    """Counts what was committed, by type."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for event_type in EVENT_TYPES:
            metrics.declare(EVENTS, event_type)

    def __call__(self, entries: Iterable[JournalEntry]) -> None:
        """Count events that are stored."""
        for entry in entries:
            self._metrics.add(EVENTS, 1, entry.type)
