from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.retention.ports import ExpiredKind, RetentionStore

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long records are kept after their end.

    For `refresh_grace` a used refresh token still returns its successor, for which its salt is needed.
    """

    ended: timedelta
    refresh_grace: timedelta

    def before(self, kind: ExpiredKind, now: datetime) -> datetime:
        """Return the moment before which records of a kind must have expired to be removed now."""
        match kind:
            case ExpiredKind.IDLE_RATE_LIMITS | ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS:
                return now
            case ExpiredKind.TOKEN_SALTS:
                return now - self.refresh_grace
            case _:
                return now - self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionResult:
    """How many expired records of each kind were removed, and whether none is left."""

    removed: Mapping[ExpiredKind, int]
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRetention(Command[RetentionResult]):
    """Remove expired records, up to `batches` of 1,000 of each kind."""

    batches: int = 1000


def apply_retention(
    command: ApplyRetention, *, retention_store: RetentionStore, clock: Clock, retention: Retention
) -> RetentionResult:
    """Remove expired records batch by batch, so that no other transaction waits for long; raises StoreUnavailable."""
    now = clock.now()
    removed: dict[ExpiredKind, int] = {}
    finished = True
    for kind in ExpiredKind:
        batches = _remove(kind, retention_store, before=retention.before(kind, now), most=command.batches)
        removed[kind] = sum(batches)
        finished &= batches[-1] < BATCH
    return RetentionResult(removed=removed, finished=finished)


def _remove(kind: ExpiredKind, store: RetentionStore, *, before: datetime, most: int) -> list[int]:
    """Return how many records each batch has removed; the last one is not full unless there were `most` batches."""
    batches: list[int] = []
    while len(batches) < most and (not batches or batches[-1] == BATCH):
        batches.append(store.clear(kind, before=before, limit=BATCH))
    return batches
