from dataclasses import dataclass

from hexaccount.events.ports import Subscriptions
from hexaccount.events.subscribers import SubscriberNames
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.messages import Command

BATCH = 1000


class UnknownSubscriber(Refusal):
    """The store has no subscription of this name."""

    code = "subscriber_unknown"

    def __init__(self) -> None:
        # Without the name, which may be a URL with a password in it.
        super().__init__("there is no such subscription")


class SubscriberInUse(Refusal):
    """A subscriber that this process knows would be subscribed again at its next start."""

    code = "subscriber_in_use"

    def __init__(self, subscriber: str) -> None:
        super().__init__(
            f"{subscriber} is in use: it is part of the service, or the settings "
            "`events`, `webhooks` or `cache` name it"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Command[int]):
    """End a subscription, and remove its deliveries and dead letters; the answer is how many there were."""

    subscriber: str


def unsubscribe(command: Unsubscribe, *, subscriptions: Subscriptions, known: SubscriberNames) -> int:
    """Remove deliveries batch by batch, until none is left; raises SubscriberInUse and UnknownSubscriber."""
    if command.subscriber in known:
        raise SubscriberInUse(command.subscriber)
    if command.subscriber not in subscriptions.names():
        raise UnknownSubscriber
    removed = 0
    while command.subscriber in subscriptions.names():
        removed += subscriptions.unsubscribe(command.subscriber, limit=BATCH)
    return removed
