from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hexaccount.events.ports import Backlog, Outbox, Subscriptions
from hexaccount.kernel.messages import Query

MOST_COUNTED = 10_000


class SubscriptionState(StrEnum):
    """How a subscriber stands to the service that is asked, which knows some by its code and some by its settings."""

    IN_USE = "in_use"
    """It is known, and events are kept for it."""

    LEFT = "left"
    """Events are kept for it, and it is not known here; another process may know it."""

    NOT_ENROLLED = "not_enrolled"
    """It is known, and nothing is kept for it, as no process has begun since it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberView:
    """A subscriber, how it stands to this service, and what has piled up for it."""

    name: str
    state: SubscriptionState
    backlog: Backlog


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSubscribers(Query[Sequence[SubscriberView]]):
    """Ask for whom events are kept, and for whom they should be."""


def list_subscribers(
    _query: ListSubscribers, *, subscriptions: Subscriptions, outbox: Outbox, known: Collection[str]
) -> Sequence[SubscriberView]:
    """Return every subscriber of the store and of this service by its name, its events counted up to 10,000."""
    stored = set(subscriptions.names())
    return [
        SubscriberView(
            name=name,
            state=_enrolment(known=name in known, stored=name in stored),
            backlog=outbox.backlog(name, limit=MOST_COUNTED),
        )
        for name in sorted(stored | set(known))
    ]


def _enrolment(*, known: bool, stored: bool) -> SubscriptionState:
    if not known:
        return SubscriptionState.LEFT
    return SubscriptionState.IN_USE if stored else SubscriptionState.NOT_ENROLLED
