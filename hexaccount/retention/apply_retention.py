from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.periods import AT_ONCE, ENDED, Period
from hexaccount.kernel.records import RecordSchema
from hexaccount.retention.expired_events import ExpiredEvents
from hexaccount.retention.ports import RetentionStore
from hexaccount.retention.retention import Retention

BATCH = 1000
IDLE_RATE_LIMITS, HANDLED_EVENTS, EXPIRED_EVENTS = "idle_rate_limits", "handled_events", "expired_events"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionResult:
    """How many expired records of each kind were removed, and whether none is left."""

    removed: Mapping[str, int]
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRetention(Command[RetentionResult]):
    """Remove expired records, up to `batches` of 1,000 of each kind."""

    batches: int = 1000


def apply_retention(
    command: ApplyRetention,
    *,
    retention_store: RetentionStore,
    records: RecordSchema,
    expired_events: ExpiredEvents,
    clock: Clock,
    retention: Retention,
) -> RetentionResult:
    """Remove expired records batch by batch, so that no other transaction waits for long; raises StoreUnavailable."""
    now = clock.now()
    timed: dict[str, tuple[Callable[..., int], Period]] = {
        **{expiry.kind: (partial(retention_store.remove, expiry), expiry.kept) for expiry in records.expiries},
        IDLE_RATE_LIMITS: (retention_store.remove_drained, AT_ONCE),
        HANDLED_EVENTS: (retention_store.remove_handled, ENDED),
    }
    steps = {kind: partial(step, before=retention.before(kept, now)) for kind, (step, kept) in timed.items()}
    steps[EXPIRED_EVENTS] = partial(expired_events.remove, now=now)
    batches = {kind: _remove(partial(step, limit=BATCH), command.batches) for kind, step in steps.items()}
    removed = {kind: sum(counts) for kind, counts in batches.items()}
    return RetentionResult(removed=removed, finished=all(counts[-1] < BATCH for counts in batches.values()))


def _remove(step: Callable[[], int], most: int) -> list[int]:
    """Return how many records each batch has removed; the last one is not full unless there were `most` batches."""
    batches: list[int] = []
    while len(batches) < most and (not batches or batches[-1] == BATCH):
        batches.append(step())
    return batches
