"""Keeps the session cache from vouching for sessions that a commit ends or changes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.sessions.ports import SessionCache


def invalidating_types() -> frozenset[str]:
    """Return the types of the events after which a cached session may have ended or changed."""
    return frozenset(kind for kind, event in EVENT_TYPES.items() if event.changes_access)


def affected_users(entries: Iterable[JournalEntry]) -> frozenset[UUID]:
    """Return the accounts whose cached sessions these events invalidate; an event of an unknown type does, too."""
    return frozenset(
        entry.subject for entry in entries if (event := EVENT_TYPES.get(entry.type)) is None or event.changes_access
    )


@dataclass(frozen=True, slots=True)
class CacheInvalidation:
    """A commit hook, to be called before a commit and after it.

    The second call is needed because a cache may have lost the first, and been filled from what was still stored.
    """

    cache: SessionCache

    def __call__(self, entries: Sequence[JournalEntry]) -> None:
        """Invalidate the cached sessions of the accounts that these events affect."""
        if user_ids := affected_users(entries):
            self.cache.invalidate(user_ids)


@dataclass(frozen=True, slots=True)
class CacheInvalidator:
    """A durable subscriber that invalidates once more, in case the committing process could not, or has no cache."""

    cache: SessionCache

    @property
    def name(self) -> str:
        return "session-cache"

    @property
    def event_types(self) -> Collection[str]:
        return invalidating_types()

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Invalidate the accounts of these events; raises ReceiverUnavailable while the cache is unreachable."""
        if not self.cache.invalidate(affected_users(entries)):
            raise ReceiverUnavailable("the session cache cannot be reached")
