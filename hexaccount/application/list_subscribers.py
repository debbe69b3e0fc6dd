from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hexaccount.application.messages import Query
from hexaccount.application.ports.outbox import Backlog, Outbox
from hexaccount.application.ports.subscriptions import Subscriptions

MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberView:
    """A subscriber, whether this service knows it by its code or its settings, and what has piled up for it."""

    name: str
    known: bool
    backlog: Backlog


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSubscribers(Query[Sequence[SubscriberView]]):
    """Ask who is owed events."""


def list_subscribers(
    _query: ListSubscribers, *, subscriptions: Subscriptions, outbox: Outbox, known: Collection[str]
) -> Sequence[SubscriberView]:
    """Return every subscriber of the store by its name, with what it is owed counted up to 10,000."""
    return [
        SubscriberView(name=name, known=name in known, backlog=outbox.backlog(name, limit=MOST_COUNTED))
        for name in sorted(subscriptions.names())
    ]
