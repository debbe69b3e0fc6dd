"""Subscribers that remember what they were brought, and fail when they are told to."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.relay import Relay, RelayPolicy
from hexaccount.events.subscribers import Subscriber
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.store_kit.store import Store
from hexaccount_system import Uuid7Identifiers

_identifiers = Uuid7Identifiers()


class Listener:
    """Owed all events; `tried` holds the batches that it was brought, `heard` what it took."""

    def __init__(self, name: str = "listener", event_types: Collection[str] = ("*",)) -> None:
        self.name = name
        self.event_types = event_types
        self.tried: list[list[str]] = []
        self.heard: list[str] = []
        self.refuse: Callable[[str], Exception | None] = lambda event: None

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        events = [event_of(entry) for entry in entries]
        self.tried.append(events)
        for event in events:
            error = self.refuse(event)
            if error is not None:
                raise error
        self.heard += events


def event_of(entry: JournalEntry) -> str:
    """Return who and what an entry tells of: `juliet 2` is the second event of the account of juliet."""
    return f"{_NAMES.get(entry.aggregate_id, entry.aggregate_id)} {entry.sequence}"


_NAMES: dict[UUID, str] = {}


def register(store: Store, clock: Clock, name: str, *, disabled: bool = False) -> UUID:
    """Commit an account of one event, or two if it is disabled at once."""
    user = User.register(
        user_id=_identifiers.new(),
        name=UserName(name),
        email=EmailAddress(f"{name}@example.org"),
        first_name=PersonName(name),
        last_name=PersonName("Capulet"),
        avatar_identifier=None,
        role=Role.USER,
        password_hash="$hash",
        at=clock.now(),
    )
    if disabled:
        user.disable(clock.now())
    _NAMES[user.id] = name
    with store.unit_of_work() as uow:
        uow.users.add(user)
        uow.commit()
    return user.id


def relay_of(
    subscriber: Subscriber, store: Store, clock: Clock, *, metrics: Metrics = NO_METRICS, **policy: object
) -> Relay:
    """Enrol a subscriber and return a relay that serves it."""
    store.outbox.subscribe(subscriber.name, subscriber.event_types)
    chosen = RelayPolicy(**{"attempts": 3, "first_pause": timedelta(seconds=10), **policy})
    return Relay(subscriber, outbox=store.outbox, commits=store.commits, clock=clock, policy=chosen, metrics=metrics)
