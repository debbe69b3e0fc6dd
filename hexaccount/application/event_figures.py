"""What is counted of the events: every commit that is told of in the words of the business."""

from collections.abc import Iterable

from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.measures import EVENTS
from hexaccount.application.ports.metrics import Metrics
from hexaccount.domain.events import EVENT_TYPES


class EventFigures:
    """Counts what was committed, by type."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        for event_type in EVENT_TYPES:
            metrics.expect(EVENTS, event_type)

    def __call__(self, entries: Iterable[JournalEntry]) -> None:
        """Count events that are stored."""
        for entry in entries:
            self._metrics.add(EVENTS, 1, entry.type)
