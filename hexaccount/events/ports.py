"""What the journal, the outbox and their users need from a store, and what a publisher offers."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol, TypeAlias
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.unit_of_work import UnitOfWork

NEVER = datetime.max.replace(tzinfo=UTC)
"""A moment that no clock reaches."""

JournalKey: TypeAlias = tuple[str, UUID]
"""An aggregate's kind and id, which identify its journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Selects events; None means that the field does not matter.

    user_id: events of one account.
    types: events of these types.
    first: events whose id is not below this one. Ids begin with the time of their creation, so this is a moment, too.
    below: events whose id is below this one.
    """

    user_id: UUID | None = None
    types: Collection[str] | None = None
    first: UUID | None = None
    below: UUID | None = None

    def matches(self, entry: JournalEntry) -> bool:
        return (
            self.user_id in (None, entry.subject)
            and (self.types is None or entry.type in self.types)
            and (self.first is None or entry.id >= self.first)
            and (self.below is None or entry.id < self.below)
        )


class History(Protocol):
    """Reads the journal as it is committed, outside of any transaction."""

    def find(self, event_id: UUID) -> JournalEntry | None: ...

    def page(self, event_filter: EventFilter, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        """Return up to `limit` events with ids above `after`, by ascending id.

        This is the order of time as far as the clocks of processes agree. Within an aggregate, `sequence` decides.
        """
        ...

    def by_aggregate(
        self, event_filter: EventFilter, *, limit: int, after: JournalKey | None
    ) -> Sequence[JournalEntry]:
        """Return up to `limit` events, one aggregate after the other, those of each by ascending sequence.

        The store chooses the order of the aggregates, which never changes; only those after `after` are returned.
        """
        ...

    def count(self, event_filter: EventFilter) -> int:
        """Return how many events match; it may have to read each of them."""
        ...


class ReadableHistory(History, Protocol):
    """The journal as the events were recorded; a store has what is personal in them encrypted."""


class Journal(Protocol):
    """The events of every aggregate; only a commit adds to it."""

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        """Return the events of one aggregate in order."""
        ...


class Inbox(Protocol):
    """Which subscriber has handled which event."""

    def add(self, subscriber: str, event_id: UUID) -> None:
        """Record that this unit of work handles the event; the commit raises AlreadyHandled if one has before."""
        ...


class AlreadyHandled(Exception):
    """This subscriber has handled this event before."""


class EventsUnitOfWork(UnitOfWork, Protocol):
    """A unit of work that reads the journal and records which events it handles."""

    @property
    def journal(self) -> Journal: ...
    @property
    def inbox(self) -> Inbox: ...


class Delivery(NamedTuple):
    """An event to be delivered to a subscriber, claimed for as long as `lease` is the one in the store.

    `attempts` counts the deliveries that have failed.
    """

    subscriber: str
    entry: JournalEntry
    attempts: int
    lease: UUID


class ClaimedBatch(NamedTuple):
    """What a claim has found; `end` is where it stopped looking, None if it has seen all that is due."""

    deliveries: Sequence[Delivery]
    end: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many deliveries to a subscriber are pending and how many are dead letters, each counted up to a limit.

    `oldest` is the id of the event whose delivery has been pending longest, None where none is.
    """

    pending: int
    dead_letters: int
    oldest: UUID | None


class Outbox(Protocol):
    """The pending deliveries; each method is one atomic step, safe among many processes."""

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        """Enqueue events of these types for `subscriber` from now on, `*` for all, whichever process commits them."""
        ...

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        """Enqueue events of the journal once more, all at once, whether `subscriber` subscribes to their types or not.

        A pending delivery stays as it is; a dead letter becomes pending again, with no failure counted. An event that
        was removed from the journal is not enqueued, and never holds up another one.
        """
        ...

    def claim(
        self,
        subscriber: str,
        *,
        limit: int,
        now: datetime,
        lease: timedelta,
        latest: datetime = NEVER,
        after: UUID | None = None,
    ) -> ClaimedBatch:
        """Claim up to `limit` due deliveries for `lease`; those of one aggregate follow each other in order.

        A delivery is not claimed while an earlier event of its aggregate is pending for the subscriber, unless this
        very call claims that, too. Dead letters do not hold up later events. No backlog starves another: what is due
        is claimed at the latest when all that was committed before it has been claimed.

        A store may look at `limit` due deliveries only, by ascending event id, and return as `end` the last of them.
        A claim with this as `after` looks at those that follow; whether it also looks at others is up to the store.

        The end of a lease or of a pause that is stored and is after `latest` was stored by a clock that was wrong; it
        holds up nothing.
        """
        ...

    def hold(
        self,
        subscriber: str,
        *,
        limit: int,
        now: datetime,
        longest: timedelta,
        latest: datetime = NEVER,
        after: UUID | None = None,
    ) -> AbstractContextManager[ClaimedBatch]:
        """Claim as `claim` does, and acknowledge at the end of the context; an exception gives everything back.

        A store that can holds the deliveries by locks of its own, which end with the process: that takes one commit
        instead of two. What is held for more than `longest` may be given to others, and the end of the context then
        raises StoreUnavailable. Where another holds deliveries of this subscriber, the batch may be empty.
        """
        ...

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """Remove deliveries that have succeeded."""
        ...

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        """Count a failure and give the claim back until `until`; does nothing once the lease is lost."""
        ...

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        """Count a failure and make the delivery a dead letter; does nothing once the lease is lost."""
        ...

    def release(self, deliveries: Collection[Delivery]) -> None:
        """Give claims back at once, with no failure counted, because delivery was not attempted."""
        ...

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        """Return the backlog of a subscriber, claimed or not; a long one takes no longer than one of `limit`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event that could not be delivered in `attempts` attempts; `error` is the message of the last failure."""

    subscriber: str
    entry: JournalEntry
    attempts: int
    error: str


class DeadLetters(Protocol):
    """The deliveries that have failed for good, until an operator has them retried."""

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[DeadLetter]:
        """Return up to `limit` dead letters with event ids above `after`, by ascending event id and subscriber."""
        ...

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        """Make dead letters pending again, all or those that match, with no failure counted; return how many."""
        ...


class Subscriptions(Protocol):
    """The subscriptions in the store, for their administration."""

    def names(self) -> Collection[str]:
        """Return every subscriber that has a subscription, a pending delivery or a dead letter."""
        ...

    def unsubscribe(self, subscriber: str, *, limit: int) -> int:
        """End the subscription, remove up to `limit` of its deliveries and dead letters, and return how many.

        The journal keeps the events. A commit that runs at this moment may still enqueue some.
        """
        ...


class EventPublisher(Protocol):
    """Sends events to a receiver outside of the service."""

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        """Return once the receiver has stored all of `entries`, in order; raises on any doubt.

        After an exception all of them are published again: at least once, never lost. ReceiverUnavailable says that no
        single entry is the cause; the entries then wait for as long as it takes, with no failure counted.
        """
        ...

    def check(self) -> None:
        """Return within seconds if the receiver can be reached, having published nothing.

        Raises ReceiverUnavailable, and ReceiverRefused for what does not pass by itself.
        """
        ...

    def close(self) -> None:
        """Release connections; the publisher is not used afterwards."""
        ...


class ReceiverUnavailable(Exception):
    """The receiver of events cannot be reached, whichever event it is."""


class DeliveryRefused(Exception):
    """The receiver never takes this event: its delivery is a dead letter at once."""


class ReceiverRefused(ReceiverUnavailable):
    """The receiver is reachable and takes no event until something is changed there or in the settings."""
