"""Whose sessions no cache may vouch for while a change of theirs is committed."""

from collections.abc import Callable, Collection, Iterable
from typing import TypeAlias
from uuid import UUID

from hexaccount.application.journal_entry import JournalEntry
from hexaccount.domain.events import (
    EVENT_TYPES,
    ProfileCreated,
    ProfileUpdated,
    SessionOpened,
    SessionRefreshed,
    UserRegistered,
)

Mark: TypeAlias = Callable[[Collection[UUID]], object]

# What leaves all that a cache may know as true as it was. Every other event marks its account, a new type too.
_HARMLESS = frozenset(
    event.type for event in (UserRegistered, SessionOpened, SessionRefreshed, ProfileCreated, ProfileUpdated)
)

MARKING: frozenset[str] = frozenset(EVENT_TYPES) - _HARMLESS
"""The types of the events after which a cached session may be dead, or another than it was."""


def marked_by(entries: Iterable[JournalEntry]) -> frozenset[UUID]:
    """Return the accounts that these events mark."""
    return frozenset(entry.subject for entry in entries if entry.type not in _HARMLESS)


def mark_nobody(user_ids: Collection[UUID]) -> None:
    """Return: there is no cache."""
