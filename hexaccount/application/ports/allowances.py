from datetime import datetime
from typing import Protocol

from hexaccount.application.limits import Filling, Limit


class Allowances(Protocol):
    """Counts attempts by key; each method is one atomic step, safe among many threads, and processes that share it."""

    def take(self, key: str, limit: Limit, now: datetime) -> Filling:
        """Admit an attempt and return how full the meters of `key` are with it; raises Exhausted."""
        ...

    def give_back(self, key: str, limit: Limit, filling: Filling) -> None:
        """Undo the attempt that has led to `filling`; does nothing if the meters have moved since."""
        ...


class Exhausted(Exception):
    """A meter has no room for an attempt, which has changed nothing."""

    def __init__(self, filling: Filling) -> None:
        """Take how full the meters are."""
        super().__init__("a meter has no room for another attempt")
        self.filling = filling
