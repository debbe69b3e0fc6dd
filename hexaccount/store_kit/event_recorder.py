from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeAlias

from hexaccount.events.event_codec import to_data
from hexaccount.events.event_schemas import schema_id
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.causation import Cause, user_actor
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.unit_of_work import UnitOfWork
from hexaccount.personal_data.encryption import PersonalData

CommitHook: TypeAlias = Callable[[Sequence[JournalEntry]], object]
"""A function of the entries that a commit stores; it never raises."""


@dataclass(frozen=True, slots=True)
class EventRecorder:
    """Makes journal entries from the events that an aggregate has recorded; every store writes them.

    before_commit: called with the entries that a commit is about to store.
    on_commit: called with the entries that a commit has stored.
    personal_data: encrypts what is personal in the entries that are stored; None stores them as they are.
    """

    identifiers: Identifiers
    source: str
    before_commit: Sequence[CommitHook] = ()
    on_commit: Sequence[CommitHook] = ()
    personal_data: PersonalData | None = None

    def stored(self, entries: Sequence[JournalEntry], uow: UnitOfWork) -> Sequence[JournalEntry]:
        """Return the entries as the journal stores them; `uow` stores the keys of new accounts with them."""
        return entries if self.personal_data is None else self.personal_data.encrypted(entries, uow)

    def read(self, entries: Sequence[JournalEntry], uow: UnitOfWork) -> Sequence[JournalEntry]:
        """Return stored entries as they were recorded."""
        return (
            entries if self.personal_data is None else self.personal_data.decrypted(entries, lambda: nullcontext(uow))
        )

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
                actor=cause.actor or user_actor(event.user_id),
                session_id=cause.session_id,
                network=cause.network,
                request_id=cause.request_id,
                causation_id=cause.causation_id,
                traceparent=cause.traceparent,
                reason=cause.reason,
                data=to_data(event),
            )
            for sequence, (event, cause) in enumerate(zip(aggregate.pending, causes, strict=True), start=first)
        ]
