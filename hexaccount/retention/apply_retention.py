from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.retention.ports import ExpiredKind, RetentionStore

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how long things are kept that have ended.

    In `refresh_grace` a spent refresh token still gets its successor, for which its salt is needed.
    """

    ended: timedelta
    refresh_grace: timedelta

    def before(self, kind: ExpiredKind, now: datetime) -> datetime:
        """Return the moment before which a leftover has become one to be removed now."""
        match kind:
            case ExpiredKind.IDLE_RATE_LIMITS | ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS:
                return now
            case ExpiredKind.TOKEN_SALTS:
                return now - self.refresh_grace
            case _:
                return now - self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionResult:
    """How many leftovers of each kind were removed, and whether these were all there are."""

    removed: Mapping[ExpiredKind, int]
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRetention(Command[RetentionResult]):
    """Remove what nobody will ask for again, in up to `batches` of 1,000 of each kind."""

    batches: int = 1000


def apply_retention(
    command: ApplyRetention, *, retention_store: RetentionStore, clock: Clock, retention: Retention
) -> RetentionResult:
    """Remove leftovers batch by batch, so that nobody else waits for long; raises StoreUnavailable."""
    now = clock.now()
    removed: dict[ExpiredKind, int] = {}
    finished = True
    for kind in ExpiredKind:
        before = retention.before(kind, now)
        last, removed[kind] = BATCH, 0
        for _ in range(command.batches):
            last = retention_store.clear(kind, before=before, limit=BATCH)
            removed[kind] += last
            if last < BATCH:
                break
        finished &= last < BATCH
    return RetentionResult(removed=removed, finished=finished)
