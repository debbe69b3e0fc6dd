from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import Expiry


class RetentionStore(Protocol):
    """Removes what has expired, each call in one short step; it is safe among many processes."""

    def remove(self, expiry: Expiry, *, before: datetime, limit: int) -> int:
        """Remove up to `limit` records that have expired before a moment, or erase their secrets; return how many."""
        ...

    def remove_drained(self, *, before: datetime, limit: int) -> int:
        """Remove up to `limit` rate-limit keys whose buckets were empty before a moment; return how many."""
        ...

    def remove_handled(self, *, before: datetime, limit: int) -> int:
        """Remove up to `limit` inbox rows of events from before a moment, by the time in their ids; return how many.

        A row stays as long as its event is pending for its subscriber or a dead letter: without the row, a further
        delivery would have its effect once more.
        """
        ...

    def remove_events(self, event_ids: Collection[UUID]) -> int:
        """Remove these events, up to 1,000, from the journal; return how many.

        An event stays as long as its delivery to a subscriber is pending or a dead letter.
        """
        ...

    def restore_events(self, entries: Sequence[JournalEntry]) -> int:
        """Put events, up to 1,000, back into the journal, where it lacks them; return how many.

        No deliveries are enqueued.
        """
        ...
