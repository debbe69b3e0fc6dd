import threading
from collections.abc import Sequence

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventPublisher


class MemoryPublisher(EventPublisher):
    """Keeps what is published in a list."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._published: list[JournalEntry] = []

    @property
    def published(self) -> Sequence[JournalEntry]:
        """Return what has been published so far, in the order of its publication."""
        with self._lock:
            return tuple(self._published)

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        """Keep the events."""
        with self._lock:
            self._published.extend(entries)

    def check(self) -> None:
        """Return: memory is always there."""

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""
