from collections.abc import Collection
from dataclasses import dataclass

from hexaccount.events.ports import Subscriptions
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.messages import Command

BATCH = 1000


class UnknownSubscriber(Refusal):
    """No events are kept for anybody of this name."""

    code = "subscriber_unknown"

    def __init__(self) -> None:
        """Take nothing: the name may be a URL with a password in it."""
        super().__init__("no events are kept for anybody of this name; `hexaccount outbox subscribers` lists the names")


class SubscriberInUse(Refusal):
    """A subscriber that this service knows would be enrolled again at its next start."""

    code = "subscriber_in_use"

    def __init__(self, subscriber: str) -> None:
        """Take its name."""
        super().__init__(
            f"{subscriber} is in use: it is part of the service, or these settings name it in `events`, `webhooks` or "
            "`cache`; take it out of those of every process first, and start them again"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Command[int]):
    """Keep nothing for a subscriber any more, and let go of what was kept; the answer is how many events that were."""

    subscriber: str


def unsubscribe(command: Unsubscribe, *, subscriptions: Subscriptions, known: Collection[str]) -> int:
    """Strike off what a subscriber is owed, batch by batch; raises SubscriberInUse and UnknownSubscriber.

    It goes on until nothing is left, also of what was committed meanwhile.
    """
    if command.subscriber in known:
        raise SubscriberInUse(command.subscriber)
    if command.subscriber not in subscriptions.names():
        raise UnknownSubscriber
    forgotten = 0
    while command.subscriber in subscriptions.names():
        forgotten += subscriptions.unsubscribe(command.subscriber, limit=BATCH)
    return forgotten
