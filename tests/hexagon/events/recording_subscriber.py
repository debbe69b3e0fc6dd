"""A subscriber that records its deliveries and raises configured errors."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.role import Role
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.relay import Relay, RelayPolicy
from hexaccount.events.subscribers import Subscriber
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.store_kit.store import Store
from hexaccount_system import Uuid7Identifiers

_identifiers = Uuid7Identifiers()


class RecordingSubscriber:
    """Subscribes to all events; `batches` are those it received, `delivered` the events it accepted."""

    def __init__(self, name: str = "recording", event_types: Collection[str] = ("*",)) -> None:
        self.name = name
        self.event_types = event_types
        self.batches: list[list[str]] = []
        self.delivered: list[str] = []
        self.error_of: Callable[[str], Exception | None] = lambda event: None

    def deliver(self, entries: Sequence[JournalEntry]) -> None:
        events = [event_of(entry) for entry in entries]
        self.batches.append(events)
        for event in events:
            error = self.error_of(event)
            if error is not None:
                raise error
        self.delivered += events


def event_of(entry: JournalEntry) -> str:
    """Return the account and the sequence of an entry: `juliet 2` is the second event of juliet's account."""
    return f"{_NAMES.get(entry.aggregate_id, entry.aggregate_id)} {entry.sequence}"


_NAMES: dict[UUID, str] = {}


def register(store: Store, clock: Clock, name: str, *, disabled: bool = False) -> UUID:
    """Commit an account with one event, or with two if it is disabled."""
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
        Users(uow).add(user)
        uow.commit()
    return user.id


def relay_of(
    subscriber: Subscriber, store: Store, clock: Clock, *, metrics: Metrics = NO_METRICS, **policy: object
) -> Relay:
    """Subscribe a subscriber and return a relay that serves it."""
    store.outbox.subscribe(subscriber.name, subscriber.event_types)
    relay_policy = RelayPolicy(**{"attempts": 3, "first_pause": timedelta(seconds=10), **policy})
    return Relay(
        subscriber, outbox=store.outbox, commits=store.commits, clock=clock, policy=relay_policy, metrics=metrics
    )


def failing_on(*events: str):
    return lambda event: ValueError(f"cannot take {event}") if event in events else None
