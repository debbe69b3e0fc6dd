from collections.abc import Collection
from dataclasses import dataclass

from hexaccount.application.messages import Command
from hexaccount.application.ports.subscriptions import Subscriptions
from hexaccount.domain.errors import Refusal

BATCH = 1000


class SubscriberUnknown(Refusal):
    """Nobody of this name is owed anything."""

    code = "subscriber_unknown"

    def __init__(self, known: Collection[str]) -> None:
        """Take the names that there are."""
        super().__init__(f"nobody of this name is owed events; there are {', '.join(sorted(known)) or 'none'}")


class SubscriberInUse(Refusal):
    """A subscriber that this service knows would be enrolled again at its next start."""

    code = "subscriber_in_use"

    def __init__(self, subscriber: str) -> None:
        """Take its name."""
        super().__init__(
            f"{subscriber} is a subscriber of this service as it is set: take it out of the settings `events`, "
            "`webhooks` or `cache` of every process first, and start those again"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetSubscriber(Command[int]):
    """Owe a subscriber nothing any more, which is gone for good; the answer is how much was owed to it."""

    subscriber: str


def forget_subscriber(command: ForgetSubscriber, *, subscriptions: Subscriptions, known: Collection[str]) -> int:
    """Strike off what a subscriber is owed, batch by batch; raises SubscriberInUse and SubscriberUnknown."""
    if command.subscriber in known:
        raise SubscriberInUse(command.subscriber)
    names = subscriptions.names()
    if command.subscriber not in names:
        raise SubscriberUnknown(names)
    forgotten, last = 0, BATCH
    while last == BATCH:
        last = subscriptions.cancel(command.subscriber, limit=BATCH)
        forgotten += last
    return forgotten
