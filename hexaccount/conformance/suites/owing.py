"""How the outbox suites make events that are owed, and claim them."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save
from hexaccount.events.ports import DeadLetter, Delivery
from hexaccount.store_kit.store import Store

NOW = datetime(2026, 6, 1, 12, 0, 0, 500_000, tzinfo=UTC)
LEASE = timedelta(seconds=30)
A_MOMENT = timedelta(milliseconds=1)
SUBSCRIBER = "subscriber"


def user_with_events(store: Store, people: People, count: int) -> User:
    """Commit an account with this many events."""
    user = people.user()
    while user.version < count:
        (user.enable if user.disabled else user.disable)(people.now())
    save(store, user)
    return user


def claim(
    store: Store, subscriber: str = SUBSCRIBER, *, limit: int = 100, now: datetime = NOW, lease: timedelta = LEASE
) -> Sequence[Delivery]:
    """Claim what is due."""
    return store.outbox.claim(subscriber, limit=limit, now=now, lease=lease)


def sequences(deliveries: Collection[Delivery] | Collection[DeadLetter], aggregate_id: UUID | None = None) -> list[int]:
    """Return the sequences of the events, of one aggregate or all."""
    return [each.entry.sequence for each in deliveries if aggregate_id in (None, each.entry.aggregate_id)]


def give_up(store: Store, *subscribers: str, now: datetime = NOW) -> list[Delivery]:
    """Set aside everything that is due for these subscribers."""
    given_up: list[Delivery] = []
    for subscriber in subscribers:
        for delivery in claim(store, subscriber, now=now):
            store.outbox.dead_letter(delivery, error=f"{subscriber} cannot")
            given_up.append(delivery)
    return given_up
