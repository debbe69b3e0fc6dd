"""Stored events for those who read them: personal fields decrypted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, History, JournalKey, ReadableHistory
from hexaccount.events.subscribers import Subscriber
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.personal_data.encryption import PersonalData


@dataclass(frozen=True, slots=True)
class DecryptedHistory(ReadableHistory):
    """The journal of a store."""

    history: History
    personal_data: PersonalData
    unit_of_work: UnitOfWorkFactory[UnitOfWork]

    def find(self, event_id: UUID) -> JournalEntry | None:
        entry = self.history.find(event_id)
        return None if entry is None else self._decrypted([entry])[0]

    def page(self, event_filter: EventFilter, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        return self._decrypted(self.history.page(event_filter, limit=limit, after=after))

    def by_aggregate(
        self, event_filter: EventFilter, *, limit: int, after: JournalKey | None
    ) -> Sequence[JournalEntry]:
        return self._decrypted(self.history.by_aggregate(event_filter, limit=limit, after=after))

    def count(self, event_filter: EventFilter) -> int:
        return self.history.count(event_filter)

    def _decrypted(self, entries: Sequence[JournalEntry]) -> Sequence[JournalEntry]:
        return self.personal_data.decrypted(entries, self.unit_of_work)


@dataclass(frozen=True, slots=True)
class ReadingSubscriber:
    """Gives a subscriber the events as they were recorded."""

    subscriber: Subscriber
    personal_data: PersonalData
    unit_of_work: UnitOfWorkFactory[UnitOfWork]

    @property
    def name(self) -> str:
        return self.subscriber.name

    @property
    def event_types(self) -> Collection[str]:
        return self.subscriber.event_types

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Deliver the decrypted events."""
        self.subscriber.deliver(self.personal_data.decrypted(entries, self.unit_of_work))
