from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from hexaccount.application.limits import Filling, Limit


class Allowances(Protocol):
    """Counts attempts by key; each method is one atomic step, safe among many threads, and processes that share it."""

    def take(self, limits: Mapping[str, Limit], now: datetime) -> dict[str, Filling]:
        """Admit an attempt at all keys and return how full their meters are with it.

        If one of them has no room, nothing is taken from any: raises Exhausted for the first such in their order.
        Raises AllowancesAway, or StoreUnavailable where it is the store that counts.
        """
        ...

    def give_back(self, limits: Mapping[str, Limit], fillings: Mapping[str, Filling]) -> None:
        """Undo the attempt that has led to `fillings`, at each key whose meters have not moved since."""
        ...


class Exhausted(Exception):
    """The meters of `key` have no room for an attempt, which has changed nothing."""

    def __init__(self, key: str, filling: Filling) -> None:
        """Take whose meters have no room, and how full they are."""
        super().__init__("a meter has no room for another attempt")
        self.key = key
        self.filling = filling


class AllowancesAway(Exception):
    """The counters that all processes share are lost for the moment; each has to count by itself."""
