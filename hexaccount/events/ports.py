"""What the journal and the outbox need from outside."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry

JournalKey: TypeAlias = tuple[str, UUID]
"""An aggregate's kind and id, which name its journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are meant; None leaves a field out of account.

    user_id: those of one account.
    types: those of these types.
    first: the lowest id that an event may have. As ids begin with the time of their making, this is a moment, too.
    """

    user_id: UUID | None = None
    types: Collection[str] | None = None
    first: UUID | None = None

    def has(self, entry: JournalEntry) -> bool:
        """Tell whether an event is meant."""
        return (
            self.user_id in (None, entry.subject)
            and (self.types is None or entry.type in self.types)
            and (self.first is None or entry.id >= self.first)
        )


class History(Protocol):
    """All that has happened, for those who look back; it is read as it is committed, outside of any transaction."""

    def find(self, event_id: UUID) -> JournalEntry | None:
        """Return an event."""
        ...

    def page(self, event_filter: EventFilter, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        """Return up to `limit` events with ids above `after`, by ascending id.

        This is the order of time as far as the clocks of processes agree. Within an aggregate `sequence` counts.
        """
        ...

    def by_aggregate(
        self, event_filter: EventFilter, *, limit: int, after: JournalKey | None
    ) -> Sequence[JournalEntry]:
        """Return up to `limit` events, one aggregate after the other, those of each by ascending sequence.

        The aggregates are in an order of the store's own, which does not change, and come after `after` in it.
        """
        ...

    def count(self, event_filter: EventFilter) -> int:
        """Return how many events there are, which may take looking at each."""
        ...


class Journal(Protocol):
    """The events of every aggregate; only a commit adds to it."""

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        """Return the events of one aggregate in order."""
        ...


class Inbox(Protocol):
    """Which subscriber has handled which event."""

    def add(self, subscriber: str, event_id: UUID) -> None:
        """Note that this unit of work is the handling; the commit raises AlreadyHandled if there was one before."""
        ...


class AlreadyHandled(Exception):
    """This subscriber has handled this event before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event that is owed to a subscriber, claimed for as long as `lease` is the one in the store.

    `attempts` counts the deliveries that have failed.
    """

    subscriber: str
    entry: JournalEntry
    attempts: int
    lease: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """An event whose delivery was given up after `attempts` failures, the last of which said `error`."""

    subscriber: str
    entry: JournalEntry
    attempts: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many events a subscriber is owed and how many were set aside for it, each counted up to a limit.

    `oldest` is the event that it has been owed for the longest, None where none is.
    """

    pending: int
    dead_letters: int
    oldest: UUID | None


class Outbox(Protocol):
    """The deliveries that the journal owes; each method is one atomic step, safe among many processes."""

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        """Owe `subscriber` the events of these types from now on, `*` for all; whoever commits them."""
        ...

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        """Owe `subscriber` these events of the journal once more, all at once, whether it is enrolled for them or not.

        What it is owed already stays as it is; what was given up is owed again, with no failure counted.
        """
        ...

    def claim(self, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        """Take up to `limit` due deliveries for `lease`; those of one aggregate follow each other in order.

        Nothing is claimed while an earlier event of the same aggregate is still owed to the subscriber, unless it
        is claimed by this very call; events set aside do not count as owed.
        """
        ...

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        """Strike off deliveries that have succeeded."""
        ...

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        """Count a failure and give the claim back until `until`; does nothing once the lease is lost."""
        ...

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        """Count a failure and give the delivery up; does nothing once the lease is lost."""
        ...

    def release(self, deliveries: Collection[Delivery]) -> None:
        """Give claims back at once and uncounted, as they were not tried."""
        ...

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        """Return what has piled up for a subscriber, claimed or not; as quickly for very many as for `limit`."""
        ...


class DeadLetters(Protocol):
    """The deliveries that were given up, for those who mend the cause."""

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[DeadLetter]:
        """Return up to `limit` of them with event ids above `after`, by ascending event id and subscriber."""
        ...

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        """Owe them again, all or those that fit, with no attempts counted; return how many."""
        ...


class Subscriptions(Protocol):
    """Who is owed events, for those who look after it; to enrol is a matter of the outbox."""

    def names(self) -> Collection[str]:
        """Return every subscriber that is enrolled for some type, or owed an event still, given up or not."""
        ...

    def unsubscribe(self, subscriber: str, *, limit: int) -> int:
        """Owe a subscriber nothing from now on, strike off up to `limit` of what it is owed, and return how many.

        What was given up goes, too. The journal keeps the events. What is committed at this moment may be owed still.
        """
        ...


class EventPublisher(Protocol):
    """Hands events to the world outside."""

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        """Return once all of `entries` are safe with the receiver, in order; raises on any doubt.

        After an exception all of them are published again: at least once, never lost. ReceiverUnavailable says that
        it lies with none of the entries; they then wait for as long as it takes, without counting attempts.
        """
        ...

    def check(self) -> None:
        """Return within seconds if the receiver is there, having published nothing; raises ReceiverUnavailable.

        ReceiverRefused is for what does not pass by itself.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the publisher is not used afterwards."""
        ...


class ReceiverUnavailable(Exception):
    """The receiver of events cannot be reached, whichever event it is."""


class ReceiverRefused(ReceiverUnavailable):
    """The receiver is there, and takes no event until something is changed there or in the settings."""
