from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hexaccount.events.event_codec import to_data
from hexaccount.events.event_schemas import schema_id
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.causation import Cause
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.sessions.cache_invalidation import Invalidate, invalidate_nothing

OnCommit: TypeAlias = Callable[[Iterable[JournalEntry]], object]


def ignore_commit(entries: Iterable[JournalEntry]) -> None:
    """Return: nobody wants to know what was stored."""


@dataclass(frozen=True, slots=True)
class EventRecorder:
    """Makes journal entries of the events that an aggregate has recorded; every store writes what it makes.

    `mark` is told of the accounts whose sessions a cache must not vouch for, before each commit and after it; `note` of
    the entries that a commit has stored.
    """

    identifiers: Identifiers
    source: str
    invalidate: Invalidate = invalidate_nothing
    on_commit: OnCommit = ignore_commit

    def entries(self, aggregate: Aggregate, causes: Sequence[Cause]) -> list[JournalEntry]:
        """Return an entry for each pending event of `aggregate`, in order, each with its cause."""
        first = aggregate.stored_version + 1
        return [
            JournalEntry(
                id=self.identifiers.new(),
                type=event.type,
                source=self.source,
                subject=event.user_id,
                time=event.at,
                aggregate=aggregate.kind,
                aggregate_id=aggregate.id,
                sequence=sequence,
                dataschema=schema_id(event.type),
                causation_id=cause.causation_id,
                traceparent=cause.traceparent,
                data=to_data(event),
            )
            for sequence, (event, cause) in enumerate(zip(aggregate.pending, causes, strict=True), start=first)
        ]
