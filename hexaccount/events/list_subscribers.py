from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hexaccount.events.ports import Backlog, Outbox, Subscriptions
from hexaccount.events.subscribers import SubscriberNames
from hexaccount.kernel.messages import Query

MOST_COUNTED = 10_000


class SubscriptionState(StrEnum):
    """The state of a subscription, seen from one process, which knows subscribers by its code and by its settings."""

    ACTIVE = "active"
    """The subscriber is known, and the store has its subscription."""

    ORPHANED = "orphaned"
    """The store has a subscription of a subscriber that is not known here; another process may know it."""

    NOT_SUBSCRIBED = "not_subscribed"
    """The subscriber is known, but no process has started with it yet, so that it gets no events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberView:
    """A subscriber, the state of its subscription, and its backlog."""

    name: str
    state: SubscriptionState
    backlog: Backlog


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSubscribers(Query[Sequence[SubscriberView]]):
    """List the subscribers of the store and of this service."""


def list_subscribers(
    _query: ListSubscribers, *, subscriptions: Subscriptions, outbox: Outbox, known: SubscriberNames
) -> Sequence[SubscriberView]:
    """Return every subscriber by its name, its deliveries counted up to 10,000."""
    stored = set(subscriptions.names())
    return [
        SubscriberView(
            name=name,
            state=_state(known=name in known, stored=name in stored),
            backlog=outbox.backlog(name, limit=MOST_COUNTED),
        )
        for name in sorted(stored | set(known))
    ]


def _state(*, known: bool, stored: bool) -> SubscriptionState:
    if not known:
        return SubscriptionState.ORPHANED
    return SubscriptionState.ACTIVE if stored else SubscriptionState.NOT_SUBSCRIBED
