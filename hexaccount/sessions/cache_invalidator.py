from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount.sessions.cache_invalidation import INVALIDATING_TYPES, affected_users
from hexaccount.sessions.ports import SessionCache


@dataclass(frozen=True, slots=True)
class CacheInvalidator:
    """A durable subscriber: marks once more whose sessions have changed, for who could not, or has no cache."""

    cache: SessionCache

    @property
    def name(self) -> str:
        """Return its name in the store, which must not change."""
        return "session-cache"

    @property
    def event_types(self) -> Collection[str]:
        """Return the types of the events that mark somebody."""
        return INVALIDATING_TYPES

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Mark the accounts of these events; raises ReceiverUnavailable while the cache is away."""
        if not self.cache.invalidate(affected_users(entries)):
            raise ReceiverUnavailable("the session cache cannot be reached")
