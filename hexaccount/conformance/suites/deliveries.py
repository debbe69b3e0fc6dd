"""Helpers of the outbox suites: they make events with deliveries, and claim and dead-letter them."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.events.ports import NEVER, DeadLetter, Delivery
from hexaccount.store_kit.store import Store

NOW = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)
LEASE = timedelta(seconds=30)
MILLISECOND = timedelta(milliseconds=1)
SUBSCRIBER = "subscriber"


def user_with_events(store: Store, factory: Factory, count: int) -> User:
    user = factory.user()
    while user.version < count:
        (user.enable if user.disabled else user.disable)(factory.now())
    save(store, user)
    return user


def claim(
    store: Store,
    subscriber: str = SUBSCRIBER,
    *,
    limit: int = 100,
    now: datetime = NOW,
    lease: timedelta = LEASE,
    latest: datetime = NEVER,
) -> Sequence[Delivery]:
    """Claim the next batch that is not empty."""
    after: UUID | None = None
    while True:
        found = store.outbox.claim(subscriber, limit=limit, now=now, lease=lease, latest=latest, after=after)
        if found.deliveries or found.end is None:
            return found.deliveries
        after = found.end


def sequences(deliveries: Collection[Delivery] | Collection[DeadLetter], aggregate_id: UUID | None = None) -> list[int]:
    """Return the sequence numbers of the events, optionally of one aggregate only."""
    return [each.entry.sequence for each in deliveries if aggregate_id in (None, each.entry.aggregate_id)]


def dead_letter_all(store: Store, *subscribers: str, now: datetime = NOW) -> list[Delivery]:
    """Claim and dead-letter everything that is due for these subscribers."""
    dead_lettered: list[Delivery] = []
    for subscriber in subscribers:
        for delivery in claim(store, subscriber, now=now):
            store.outbox.dead_letter(delivery, error=f"{subscriber} cannot")
            dead_lettered.append(delivery)
    return dead_lettered
