from datetime import datetime
from typing import Protocol

from hexaccount.kernel.records import Expiry


class RetentionStore(Protocol):
    """Removes what has expired, each call in one short step; it is safe among many processes.

    It never touches the journal.
    """

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
