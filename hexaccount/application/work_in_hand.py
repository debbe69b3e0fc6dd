from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from hexaccount.application.cache_marks import Mark, mark_nobody, marked_by
from hexaccount.application.causation import Cause, current_cause
from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.orders import Orders
from hexaccount.application.recorder import Note, Recorder, note_nothing
from hexaccount.domain.aggregate import Aggregate

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
class _Met:
    """An aggregate and, for each time it was looked up, how many events were pending and what the cause was."""

    aggregate: Aggregate
    looks: list[tuple[int, Cause]] = field(default_factory=list)

    def causes(self) -> list[Cause]:
        return [
            next(cause for before, cause in reversed(self.looks) if before <= index)
            for index in range(len(self.aggregate.pending))
        ]


class WorkInHand:
    """The aggregates that one unit of work has met: each only once, so that two look-ups give one object.

    What is to be written besides them stands in `orders`. Every store's unit of work keeps one of these; it is the
    reason why repositories need no `save`.
    """

    def __init__(self) -> None:
        self._met: dict[tuple[type[Aggregate], UUID], _Met] = {}
        self._absent: set[tuple[type[Aggregate], UUID]] = set()
        self._mark: Mark = mark_nobody
        self._note: Note = note_nothing
        self.orders = Orders()

    def add(self, aggregate: Aggregate) -> None:
        """Remember a new aggregate, all of whose events the work in hand has caused."""
        self._met[type(aggregate), aggregate.id] = _Met(aggregate, [(0, current_cause())])

    def keep(self, aggregate: A) -> A:
        """Remember an aggregate that was read, and return it, or the one that was met before under its id."""
        known = self.find(type(aggregate), aggregate.id)
        if known is not None:
            return known
        self.add(aggregate)
        return aggregate

    def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Return an aggregate that was met before."""
        met = self._met.get((kind, aggregate_id))
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

    def changes(self, recorder: Recorder) -> list[Change]:
        """Return what there is to write, in the order in which the aggregates were met.

        No cache vouches from here on for sessions that it may end.
        """
        changes = [
            Change(met.aggregate, met.aggregate.stored_version, recorder.entries(met.aggregate, met.causes()))
            for met in self._met.values()
            if met.aggregate.pending
        ]
        self._mark, self._note = recorder.mark, recorder.note
        self._mark_caches(changes)
        return changes

    def settle(self, changes: Sequence[Change]) -> None:
        """Take note that `changes` and all orders are stored."""
        # Once more, as a cache may have lost its mark before the commit, and been filled from what was still there.
        self._mark_caches(changes)
        self._note(entry for change in changes for entry in change.entries)
        for change in changes:
            change.aggregate.pending.clear()
            self._met[type(change.aggregate), change.aggregate.id].looks[:] = [(0, current_cause())]
        self.orders.clear()

    def forget(self) -> None:
        """Drop everything: what was not committed has not happened."""
        self._met.clear()
        self._absent.clear()
        self.orders.clear()

    def _mark_caches(self, changes: Iterable[Change]) -> None:
        user_ids = marked_by(entry for change in changes for entry in change.entries)
        if user_ids:
            self._mark(user_ids)
