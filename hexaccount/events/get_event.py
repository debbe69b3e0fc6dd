from dataclasses import dataclass
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReadableHistory
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.messages import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class GetEvent(Query[JournalEntry]):
    """Get one event of the journal."""

    event_id: UUID


class EventNotFound(Refusal):
    """The journal has no event of this id."""

    code = "event_not_found"

    def __init__(self) -> None:
        super().__init__("there is no such event")


def get_event(query: GetEvent, *, history: ReadableHistory) -> JournalEntry:
    """Return an event; raises EventNotFound."""
    event = history.find(query.event_id)
    if event is None:
        raise EventNotFound
    return event
