from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hexaccount.application.messages import Command
from hexaccount.application.ports.clearing import Clearing, Leftover
from hexaccount.application.ports.clock import Clock

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long things are kept that have ended.

    In `refresh_grace` a spent refresh token still gets its successor, for which its salt is needed.
    """

    ended: timedelta
    refresh_grace: timedelta

    def before(self, kind: Leftover, now: datetime) -> datetime:
        """Return the moment before which a leftover has become one to be removed now."""
        match kind:
            case Leftover.DRAINED_ALLOWANCES | Leftover.EXPIRED_REQUESTS:
                return now
            case Leftover.TOKEN_SALTS:
                return now - self.refresh_grace
            case _:
                return now - self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How many leftovers of each kind were removed, and whether these were all there are."""

    removed: Mapping[Leftover, int]
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge(Command[Purged]):
    """Remove what nobody will ask for again, in up to `batches` of 1,000 of each kind."""

    batches: int = 1000


def purge(command: Purge, *, clearing: Clearing, clock: Clock, retention: Retention) -> Purged:
    """Remove leftovers batch by batch, so that nobody else waits for long; raises StoreUnavailable."""
    now = clock.now()
    removed: dict[Leftover, int] = {}
    finished = True
    for kind in Leftover:
        before = retention.before(kind, now)
        last, removed[kind] = BATCH, 0
        for _ in range(command.batches):
            last = clearing.clear(kind, before=before, limit=BATCH)
            removed[kind] += last
            if last < BATCH:
                break
        finished &= last < BATCH
    return Purged(removed=removed, finished=finished)
