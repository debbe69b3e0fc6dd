from collections.abc import Sequence
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount_memory import MemoryPublisher

RECEIVER = "memory://receiver"


class Receiver(MemoryPublisher):
    """Collects published events; it can be made unavailable, or made to reject the registrations of some users."""

    def __init__(self) -> None:
        super().__init__()
        self.available = True
        self.rejected: set[str] = set()

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        if not self.available:
            raise ReceiverUnavailable("the receiver is unavailable")
        for entry in entries:
            if entry.type == "hexaccount.user.registered.v1" and entry.data["user_name"] in self.rejected:
                raise ValueError("this registration is rejected")
        super().publish(entries)

    def events_of(self, kind: str, aggregate_id: UUID) -> list[JournalEntry]:
        return [entry for entry in self.published if (entry.aggregate, entry.aggregate_id) == (kind, aggregate_id)]
