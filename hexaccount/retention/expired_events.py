from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, EventsUnitOfWork, History
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.unit_of_work import UnitOfWorkFactory
from hexaccount.retention.ports import RetentionStore
from hexaccount.retention.retention import Retention


@dataclass(frozen=True, slots=True)
class ExpiredEvents:
    """Removes events of types that are not kept for ever.

    An event stays while the record of its aggregate is stored, as the journal of such a record has no gaps, and until
    all subscribers have it.
    """

    history: History
    store: RetentionStore
    unit_of_work: UnitOfWorkFactory[EventsUnitOfWork]
    records: RecordSchema
    retention: Retention

    def remove(self, *, now: datetime, limit: int) -> int:
        """Remove up to `limit` events and return how many; fewer were removed only if no more have expired."""
        removed = 0
        for event in EVENT_TYPES.values():
            if event.kept is not None and removed < limit:
                first_kept = first_id_at(self.retention.before(event.kept, now))
                removed += self._remove(EventFilter(types=[event.type], below=first_kept), limit - removed)
        return removed

    def _remove(self, expired: EventFilter, limit: int) -> int:
        removed, after = 0, None
        while removed < limit and (page := self.history.page(expired, limit=limit - removed, after=after)):
            after = page[-1].id
            removed += self.store.remove_events(self._without_record(page))
        return removed

    def _without_record(self, entries: Sequence[JournalEntry]) -> list[UUID]:
        """Return the ids of the events whose aggregates have no record any more, where its type is known."""
        found: list[UUID] = []
        with self.unit_of_work() as uow:
            for kind in {entry.aggregate for entry in entries}:
                record_type = self.records.of_kind(kind)
                if record_type is not None:
                    of_kind = [entry for entry in entries if entry.aggregate == kind]
                    records = uow.records(record_type)
                    records.prefetch([entry.aggregate_id for entry in of_kind])
                    found += [entry.id for entry in of_kind if records.get(entry.aggregate_id) is None]
        return found
