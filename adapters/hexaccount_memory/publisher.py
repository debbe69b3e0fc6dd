import threading
from collections.abc import Sequence

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher


class MemoryPublisher(EventPublisher):
    """Keeps published events in a list."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._published: list[JournalEntry] = []

    @property
    def published(self) -> Sequence[JournalEntry]:
        """Return the published events, oldest first."""
        with self._lock:
            return tuple(self._published)

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        with self._lock:
            self._published.extend(entries)

    def check(self) -> None:
        """Do nothing: memory is always available."""

    def close(self) -> None:
        """Do nothing: memory has no connections."""
