"""Those to whom events are owed: handlers inside the service, and publishers that carry events out of it."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from hexaccount.events.event_codec import from_entry
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import AlreadyHandled, EventPublisher
from hexaccount.kernel.causation import Cause, caused_by
from hexaccount.kernel.event import Event
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.store_kit.unit_of_work import UnitOfWork, UnitOfWorkFactory

E = TypeVar("E", bound=Event)
EventHandler: TypeAlias = Callable[[E, UnitOfWork], None]
Prefetch: TypeAlias = Callable[[Sequence[Event], UnitOfWork], None]


def _prefetch_nothing(_events: Sequence[Event], _uow: UnitOfWork) -> None:
    """Leave all look-ups to the handler."""


class Subscriber(Protocol):
    """A durable subscriber: its name is its identity in the store, and stays when the code moves."""

    @property
    def name(self) -> str: ...
    @property
    def event_types(self) -> Collection[str]:
        """Return the types it is owed, `*` for all."""
        ...

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Bring it these events, in order; an exception says that none of them counts as delivered."""
        ...


def names_of(subscribers: Iterable[Subscriber]) -> frozenset[str]:
    """Return the names of subscribers."""
    return frozenset(subscriber.name for subscriber in subscribers)


@dataclass(frozen=True, slots=True)
class HandlingSubscriber:
    """Runs an event handler in a unit of work of its own, whose inbox row makes the effect happen once.

    `prefetch` may read at once what the handler is going to look up for each of several events.
    """

    name: str
    event_type: type[Event]
    handler: EventHandler[Event]
    unit_of_work: UnitOfWorkFactory
    prefetch: Prefetch = _prefetch_nothing

    @property
    def event_types(self) -> Collection[str]:
        """Return the one type it handles."""
        return (self.event_type.type,)

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Handle all events in one transaction; one event that was handled before changes nothing."""
        try:
            self._handle(entries)
        except AlreadyHandled:
            if len(entries) > 1:
                raise  # the relay tries them one by one, and finds out which

    @repeat_when_stale
    def _handle(self, entries: Sequence[JournalEntry]) -> None:
        events = [from_entry(entry) for entry in entries]
        with self.unit_of_work() as uow:
            self.prefetch(events, uow)
            for entry, event in zip(entries, events, strict=True):
                with caused_by(Cause(causation_id=str(entry.id), traceparent=entry.traceparent)):
                    uow.inbox.add(self.name, entry.id)
                    self.handler(event, uow)
            uow.commit()


@dataclass(frozen=True, slots=True)
class PublishingSubscriber:
    """Hands events to a publisher, of all types unless some are named."""

    name: str
    publisher: EventPublisher
    event_types: Collection[str] = ("*",)

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        """Publish the events."""
        self.publisher.publish(entries)
