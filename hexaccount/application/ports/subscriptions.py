from collections.abc import Collection
from typing import Protocol


class Subscriptions(Protocol):
    """Who is owed events, for those who look after it; to enrol is a matter of the outbox."""

    def names(self) -> Collection[str]:
        """Return every subscriber that is enrolled for some type, or owed an event still, given up or not."""
        ...

    def cancel(self, subscriber: str, *, limit: int) -> int:
        """Owe a subscriber nothing from now on, strike off up to `limit` of what it is owed, and return how many.

        What was given up goes, too. The journal keeps the events. What is committed at this moment may be owed still.
        """
        ...
