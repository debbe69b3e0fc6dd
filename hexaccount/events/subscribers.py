"""The durable subscribers: event handlers inside the service, and publishers that carry events out of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from hexaccount.events.event_codec import from_entry
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import AlreadyHandled, EventPublisher, EventsUnitOfWork
from hexaccount.kernel.capability import EventHandler, SideEffect
from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import AccountErased, UnitOfWorkFactory


class SubscriberNames(frozenset[str]):
    """The names of the subscribers that this process knows, by its code or by its settings."""


class Subscriber(Protocol):
    """A durable subscriber: its name is its identity in the store, and stays when the code moves."""

    @property
    def name(self) -> str: ...
    @property
    def event_types(self) -> Collection[str]:
        """Return the types that it subscribes to, `*` for all."""
        ...

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Take these events, in order; an exception says that none of them counts as delivered."""
        ...


@dataclass(frozen=True, slots=True)
class HandlingSubscriber:
    """Runs an event handler in a unit of work of its own, whose inbox row makes the effect happen once."""

    handler: EventHandler
    unit_of_work: UnitOfWorkFactory[EventsUnitOfWork]

    @property
    def name(self) -> str:
        return self.handler.name

    @property
    def event_types(self) -> Collection[str]:
        return (self.handler.event.type,)

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Handle all events in one transaction.

        An event that was handled before changes nothing, nor does one after which an erased account would have to
        record something personal.
        """
        try:
            self._handle(entries)
        except (AlreadyHandled, AccountErased):
            if len(entries) > 1:
                raise  # the relay then delivers them one by one, and finds out which

    @repeat_when_stale
    def _handle(self, entries: Sequence[JournalEntry]) -> None:
        events = [from_entry(entry) for entry in entries]
        with self.unit_of_work() as uow:
            if self.handler.prefetch is not None:
                self.handler.prefetch(events, uow)
            for entry, event in zip(entries, events, strict=True):
                with caused_by(_reaction_to(entry)):
                    uow.inbox.add(self.name, entry.id)
                    self.handler.handle(event, uow)
            uow.commit()


@dataclass(frozen=True, slots=True)
class SideEffectSubscriber:
    """Performs a side effect."""

    side_effect: SideEffect

    @property
    def name(self) -> str:
        return self.side_effect.name

    @property
    def event_types(self) -> Collection[str]:
        return tuple(event.type for event in self.side_effect.events)

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Perform it for each event."""
        for entry in entries:
            with caused_by(_reaction_to(entry)):
                self.side_effect.perform(from_entry(entry), entry)


def _reaction_to(entry: JournalEntry) -> Cause:
    return Cause(request_id=entry.request_id, causation_id=str(entry.id), traceparent=entry.traceparent)


@dataclass(frozen=True, slots=True)
class PublishingSubscriber:
    """Hands events to a publisher, of all types unless some are named."""

    name: str
    publisher: EventPublisher
    event_types: Collection[str] = ("*",)

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Publish the events."""
        self.publisher.publish(entries)
