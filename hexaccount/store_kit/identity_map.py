from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.causation import Cause, current_cause
from hexaccount.sessions.cache_invalidation import Invalidate, affected_users, invalidate_nothing
from hexaccount.store_kit.event_recorder import EventRecorder, OnCommit, ignore_commit
from hexaccount.store_kit.pending_writes import PendingWrites

A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Change:
    """An aggregate that a commit has to write, and the entries that tell of it.

    `stored_version` is the version that must still be in the store; 0 says that there must be none.
    """

    aggregate: Aggregate
    stored_version: int
    entries: list[JournalEntry]


@dataclass(slots=True)
class _Tracked:
    """An aggregate and, for each time it was looked up, how many events were pending and what the cause was."""

    aggregate: Aggregate
    looks: list[tuple[int, Cause]] = field(default_factory=list)

    def causes(self) -> list[Cause]:
        return [
            next(cause for before, cause in reversed(self.looks) if before <= index)
            for index in range(len(self.aggregate.pending))
        ]


class IdentityMap:
    """The aggregates that one unit of work has met: each only once, so that two look-ups give one object.

    What is to be written besides them stands in `orders`. Every store's unit of work keeps one of these; it is the
    reason why repositories need no `save`.
    """

    def __init__(self) -> None:
        self._tracked: dict[tuple[type[Aggregate], UUID], _Tracked] = {}
        self._absent: set[tuple[type[Aggregate], UUID]] = set()
        self._invalidate: Invalidate = invalidate_nothing
        self._on_commit: OnCommit = ignore_commit
        self.pending_writes = PendingWrites()

    def add(self, aggregate: Aggregate) -> None:
        """Remember a new aggregate, all of whose events the work in hand has caused."""
        self._tracked[type(aggregate), aggregate.id] = _Tracked(aggregate, [(0, current_cause())])

    def keep(self, aggregate: A) -> A:
        """Remember an aggregate that was read, and return it, or the one that was met before under its id."""
        known = self.find(type(aggregate), aggregate.id)
        if known is not None:
            return known
        self.add(aggregate)
        return aggregate

    def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Return an aggregate that was met before."""
        met = self._tracked.get((kind, aggregate_id))
        if met is None or not isinstance(met.aggregate, kind):
            return None
        met.looks.append((len(met.aggregate.pending), current_cause()))
        return met.aggregate

    def note_absent(self, kind: type[Aggregate], aggregate_id: UUID) -> None:
        """Remember that the store holds no such aggregate; if one is stored meanwhile, adding it is stale."""
        self._absent.add((kind, aggregate_id))

    def is_absent(self, kind: type[Aggregate], aggregate_id: UUID) -> bool:
        """Tell whether the store is known not to hold such an aggregate."""
        return (kind, aggregate_id) in self._absent

    def changes(self, recorder: EventRecorder) -> list[Change]:
        """Return what there is to write, in the order in which the aggregates were met.

        No cache vouches from here on for sessions that it may end.
        """
        changes = [
            Change(met.aggregate, met.aggregate.stored_version, recorder.entries(met.aggregate, met.causes()))
            for met in self._tracked.values()
            if met.aggregate.pending
        ]
        self._invalidate, self._on_commit = recorder.invalidate, recorder.on_commit
        self._invalidate_caches(changes)
        return changes

    def acknowledge(self, changes: Sequence[Change]) -> None:
        """Take note that `changes` and all orders are stored."""
        # Once more, as a cache may have lost its mark before the commit, and been filled from what was still there.
        self._invalidate_caches(changes)
        self._on_commit(entry for change in changes for entry in change.entries)
        for change in changes:
            change.aggregate.pending.clear()
            self._tracked[type(change.aggregate), change.aggregate.id].looks[:] = [(0, current_cause())]
        self.pending_writes.clear()

    def forget(self) -> None:
        """Drop everything: what was not committed has not happened."""
        self._tracked.clear()
        self._absent.clear()
        self.pending_writes.clear()

    def _invalidate_caches(self, changes: Iterable[Change]) -> None:
        user_ids = affected_users(entry for change in changes for entry in change.entries)
        if user_ids:
            self._invalidate(user_ids)
