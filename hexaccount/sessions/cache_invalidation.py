"""Whose sessions no cache may vouch for while a change of theirs is committed."""

from collections.abc import Callable, Collection, Iterable
from typing import TypeAlias
from uuid import UUID

from hexaccount.accounts.profile import ProfileCreated, ProfileUpdated
from hexaccount.accounts.user import UserRegistered
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.sessions.session import SessionOpened, SessionRefreshed

Invalidate: TypeAlias = Callable[[Collection[UUID]], object]

# What leaves all that a cache may know as true as it was. Every other event marks its account, a new type too.
_HARMLESS = frozenset(
    event.type for event in (UserRegistered, SessionOpened, SessionRefreshed, ProfileCreated, ProfileUpdated)
)

INVALIDATING_TYPES: frozenset[str] = frozenset(EVENT_TYPES) - _HARMLESS
"""The types of the events after which a cached session may be dead, or another than it was."""


def affected_users(entries: Iterable[JournalEntry]) -> frozenset[UUID]:
    """Return the accounts that these events mark."""
    return frozenset(entry.subject for entry in entries if entry.type not in _HARMLESS)


def invalidate_nothing(user_ids: Collection[UUID]) -> None:
    """Return: there is no cache."""
