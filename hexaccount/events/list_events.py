from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, ReadableHistory
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.messages import Query
from hexaccount.kernel.pages import LONGEST_PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Events by ascending id, and the id after which the next page begins, None on the last one."""

    events: Sequence[JournalEntry]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEvents(Query[EventPage]):
    """List up to `limit` events (1 to 200) of an account, of all types or some, from a moment on or all."""

    user_id: UUID
    types: Collection[str] | None = None
    since: datetime | None = None
    limit: int = 50
    after: UUID | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LONGEST_PAGE:
            raise ValueError(f"limit must be 1 to {LONGEST_PAGE}")


def list_events(query: ListEvents, *, history: ReadableHistory) -> EventPage:
    """Return a page of an account's history; it is empty for an unknown account."""
    first = None if query.since is None else first_id_at(query.since)
    event_filter = EventFilter(user_id=query.user_id, types=query.types, first=first)
    found = history.page(event_filter, limit=query.limit + 1, after=query.after)
    events = found[: query.limit]
    return EventPage(events=events, next=events[-1].id if len(found) > query.limit else None)
