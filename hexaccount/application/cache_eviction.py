from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hexaccount.application.cache_marks import MARKING, marked_by
from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.event_publisher import ReceiverUnavailable
from hexaccount.application.ports.session_cache import SessionCache


@dataclass(frozen=True, slots=True)
class CacheEviction:
    """A durable subscriber: marks once more whose sessions have changed, for who could not, or has no cache."""

    cache: SessionCache

    @property
    def name(self) -> str:
        """Return its name in the store, which must not change."""
        return "session-cache"

    @property
    def event_types(self) -> Collection[str]:
        """Return the types of the events that mark somebody."""
        return MARKING

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Mark the accounts of these events; raises ReceiverUnavailable while the cache is away."""
        if not self.cache.mark(marked_by(entries)):
            raise ReceiverUnavailable("the session cache cannot be reached")
