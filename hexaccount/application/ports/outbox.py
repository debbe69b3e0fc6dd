from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from hexaccount.application.journal_entry import JournalEntry


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
class SetAside:
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

    owed: int
    set_aside: int
    oldest: UUID | None


class Outbox(Protocol):
    """The deliveries that the journal owes; each method is one atomic step, safe among many processes."""

    def enrol(self, subscriber: str, event_types: Collection[str]) -> None:
        """Owe `subscriber` the events of these types from now on, `*` for all; whoever commits them."""
        ...

    def owe(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
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

    def settle(self, deliveries: Collection[Delivery]) -> None:
        """Strike off deliveries that have succeeded."""
        ...

    def postpone(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        """Count a failure and give the claim back until `until`; does nothing once the lease is lost."""
        ...

    def set_aside(self, delivery: Delivery, *, error: str) -> None:
        """Count a failure and give the delivery up; does nothing once the lease is lost."""
        ...

    def release(self, deliveries: Collection[Delivery]) -> None:
        """Give claims back at once and uncounted, as they were not tried."""
        ...

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        """Return what has piled up for a subscriber, claimed or not; as quickly for very many as for `limit`."""
        ...


class SetAsideDeliveries(Protocol):
    """The deliveries that were given up, for those who mend the cause."""

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[SetAside]:
        """Return up to `limit` of them with event ids above `after`, by ascending event id and subscriber."""
        ...

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        """Owe them again, all or those that fit, with no attempts counted; return how many."""
        ...
