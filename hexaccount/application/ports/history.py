from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID

from hexaccount.application.journal_entry import JournalEntry

JournalKey: TypeAlias = tuple[str, UUID]
"""An aggregate's kind and id, which name its journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which events are meant; None leaves a field out of account.

    user_id: those of one account.
    types: those of these types.
    first: the lowest id that an event may have. As ids begin with the time of their making, this is a moment, too.
    """

    user_id: UUID | None = None
    types: Collection[str] | None = None
    first: UUID | None = None

    def has(self, entry: JournalEntry) -> bool:
        """Tell whether an event is meant."""
        return (
            self.user_id in (None, entry.subject)
            and (self.types is None or entry.type in self.types)
            and (self.first is None or entry.id >= self.first)
        )


class History(Protocol):
    """All that has happened, for those who look back; it is read as it is committed, outside of any transaction."""

    def find(self, event_id: UUID) -> JournalEntry | None:
        """Return an event."""
        ...

    def page(self, chosen: Chosen, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        """Return up to `limit` events with ids above `after`, by ascending id.

        This is the order of time as far as the clocks of processes agree. Within an aggregate `sequence` counts.
        """
        ...

    def by_aggregate(self, chosen: Chosen, *, limit: int, after: JournalKey | None) -> Sequence[JournalEntry]:
        """Return up to `limit` events, one aggregate after the other, those of each by ascending sequence.

        The aggregates are in an order of the store's own, which does not change, and come after `after` in it.
        """
        ...

    def count(self, chosen: Chosen) -> int:
        """Return how many events there are, which may take looking at each."""
        ...
