from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.causation import Cause, current_cause
from hexaccount.store_kit.event_recorder import CommitHook, EventRecorder
from hexaccount.store_kit.pending_writes import PendingWrites

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Change:
    """An aggregate that a commit has to write, with the journal entries of its new events.

    `stored_version` is the version that must still be in the store; 0 says that there must be none.
    """

    aggregate: Aggregate
    stored_version: int
    entries: list[JournalEntry]


@dataclass(slots=True)
class _Tracked:
    """An aggregate and, for each time it was looked up, how many events were pending and what the cause was."""

    aggregate: Aggregate
    lookups: list[tuple[int, Cause]] = field(default_factory=list)

    def causes(self) -> list[Cause]:
        return [
            next(cause for before, cause in reversed(self.lookups) if before <= index)
            for index in range(len(self.aggregate.pending))
        ]


class IdentityMap:
    """The aggregates that one unit of work has read or added, each only once, so that two look-ups give one object.

    `pending_writes` holds what is to be written besides them. Every store's unit of work has one of these; because it
    tracks changes, repositories need no `save` (Fowler, Patterns of Enterprise Application Architecture).
    """

    def __init__(self) -> None:
        self._tracked: dict[tuple[type[Aggregate], UUID], _Tracked] = {}
        self._absent: set[tuple[type[Aggregate], UUID]] = set()
        self._on_commit: Sequence[CommitHook] = ()
        self.pending_writes = PendingWrites()

    def add(self, aggregate: Aggregate) -> None:
        """Track a new aggregate; the current cause is that of all its events."""
        self._tracked[type(aggregate), aggregate.id] = _Tracked(aggregate, [(0, current_cause())])

    def track(self, aggregate: A) -> A:
        """Track an aggregate that was read, and return it, or the one that is tracked under its id already."""
        known = self.find(type(aggregate), aggregate.id)
        if known is not None:
            return known
        self.add(aggregate)
        return aggregate

    def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Return a tracked aggregate."""
        tracked = self._tracked.get((kind, aggregate_id))
        if tracked is None or not isinstance(tracked.aggregate, kind):
            return None
        tracked.lookups.append((len(tracked.aggregate.pending), current_cause()))
        return tracked.aggregate

    def note_absent(self, kind: type[Aggregate], aggregate_id: UUID) -> None:
        """Remember that the store has no such aggregate; if one is stored meanwhile, adding it is stale."""
        self._absent.add((kind, aggregate_id))

    def is_absent(self, kind: type[Aggregate], aggregate_id: UUID) -> bool:
        """Tell whether the store is known to have no such aggregate."""
        return (kind, aggregate_id) in self._absent

    def changes(self, recorder: EventRecorder) -> list[Change]:
        """Return what a commit has to write, in the order of the first look-ups, after the hooks before it have run."""
        changes = [
            Change(
                tracked.aggregate,
                tracked.aggregate.stored_version,
                recorder.entries(tracked.aggregate, tracked.causes()),
            )
            for tracked in self._tracked.values()
            if tracked.aggregate.pending
        ]
        _run(recorder.before_commit, changes)
        self._on_commit = recorder.on_commit
        return changes

    def committed(self, changes: Sequence[Change]) -> None:
        """Run the hooks of the commit that has stored `changes` and the pending writes, which are none from here on."""
        _run(self._on_commit, changes)
        for change in changes:
            change.aggregate.pending.clear()
            self._tracked[type(change.aggregate), change.aggregate.id].lookups[:] = [(0, current_cause())]
        self.pending_writes.clear()

    def clear(self) -> None:
        """Drop everything: what was not committed has not happened."""
        self._tracked.clear()
        self._absent.clear()
        self.pending_writes.clear()


def _run(hooks: Sequence[CommitHook], changes: Iterable[Change]) -> None:
    if not hooks:
        return
    entries = [entry for change in changes for entry in change.entries]
    for hook in hooks:
        hook(entries)
