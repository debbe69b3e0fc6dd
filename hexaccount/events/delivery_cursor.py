from datetime import datetime, timedelta
from uuid import UUID

from hexaccount.kernel.identifiers import first_id_at

_OVERLAP = timedelta(seconds=2)
_SHARE = 20


class DeliveryCursor:
    """Where a relay's next claim begins: at the start, or at the id of an event.

    A claim from the start may have to pass the rows of many deliveries that were acknowledged and that a store cannot
    remove yet: on PostgreSQL, while a backup reads its snapshot. So a relay begins there only if the last such claim
    took less than a twentieth of the time since then. Otherwise it begins two seconds before its last claim, which
    finds what was committed since. Retries that have become due, and commits that took longer than the two seconds,
    wait for the next claim from the start.
    """

    def __init__(self, after: UUID | None = None) -> None:
        self._end = after
        self._recent: UUID | None = None
        self._start_again_at: datetime | None = None

    @property
    def at_end(self) -> bool:
        """Whether the last claim saw all that was due."""
        return self._end is None

    def next(self, now: datetime) -> UUID | None:
        """Return what the next claim begins after, None for the start."""
        if self._end is not None:
            return self._end
        return self._recent if self._start_again_at is not None and now < self._start_again_at else None

    def advance(self, after: UUID | None, end: UUID | None, *, began: datetime, ended: datetime) -> None:
        """Record a claim after `after` with its end."""
        self._end = end
        if after is None:
            self._start_again_at = ended + _SHARE * (ended - began)
        if end is None:
            self._recent = first_id_at(began - _OVERLAP)
