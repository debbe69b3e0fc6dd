import asyncio
from collections.abc import Callable

from hexaccount_granian.exchange import Exchange


class Deadlines:
    """Watches how long exchanges take, all on the loop.

    All have the same time, so the oldest is due first and one timer is enough: a timer for each request would cost more
    than all the rest of its way through the loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, give_up: Callable[[Exchange], None]) -> None:
        """Take the loop, the time of each exchange, and what to do with one that has used it up."""
        self._loop = loop
        self._seconds = seconds
        self._give_up = give_up
        self._due: dict[Exchange, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self, exchange: Exchange) -> None:
        """Begin to count the time of an exchange."""
        due = self._due[exchange] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._ring)

    def stop(self, exchange: Exchange) -> None:
        """Forget an exchange."""
        self._due.pop(exchange, None)

    def _ring(self) -> None:
        self._timer = None
        now = self._loop.time()
        for exchange, due in list(self._due.items()):
            if due > now:
                self._timer = self._loop.call_at(due, self._ring)
                return
            del self._due[exchange]
            self._give_up(exchange)
