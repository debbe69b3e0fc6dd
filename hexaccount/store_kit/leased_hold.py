from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from hexaccount.events.ports import NEVER, ClaimedBatch, Outbox


@contextmanager
def hold_by_lease(
    outbox: Outbox,
    subscriber: str,
    *,
    limit: int,
    now: datetime,
    longest: timedelta,
    latest: datetime = NEVER,
    after: UUID | None = None,
) -> Iterator[ClaimedBatch]:
    """Hold deliveries as `Outbox.hold` does, by a lease: for stores whose locks cannot outlast one of their steps."""
    batch = outbox.claim(subscriber, limit=limit, now=now, lease=longest, latest=latest, after=after)
    try:
        yield batch
    except BaseException:
        outbox.release(batch.deliveries)
        raise
    outbox.acknowledge(batch.deliveries)
