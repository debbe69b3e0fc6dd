import asyncio
from collections.abc import Callable

from hexaccount_granian.pending_response import PendingResponse


class Deadlines:
    """Calls `on_expired` for responses that are still pending after `seconds`. To be used on the loop only.

    All have the same time-out, so the oldest expires first and one timer is enough: a timer for each request would
    cost more than everything else that the loop does for it.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float, on_expired: Callable[[PendingResponse], None]
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._on_expired = on_expired
        self._due: dict[PendingResponse, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def start(self, pending: PendingResponse) -> None:
        due = self._due[pending] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._expire)

    def stop(self, pending: PendingResponse) -> None:
        self._due.pop(pending, None)

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        for pending, due in list(self._due.items()):
            if due > now:
                self._timer = self._loop.call_at(due, self._expire)
                return
            del self._due[pending]
            self._on_expired(pending)
