import asyncio
from collections.abc import Awaitable
from typing import TypeVar

R = TypeVar("R")


class Interruptible:
    """Waits that `interrupt` ends, and keeps from starting. To be used on one event loop."""

    def __init__(self) -> None:
        self._timeouts: set[asyncio.Timeout] = set()
        self._interrupted = False

    async def wait(self, awaitable: Awaitable[R], *, seconds: float | None = None) -> R:
        """Wait; raises TimeoutError after `seconds`, or when interrupted."""
        async with asyncio.timeout(0 if self._interrupted else seconds) as timeout:
            self._timeouts.add(timeout)
            try:
                return await awaitable
            finally:
                self._timeouts.discard(timeout)

    def interrupt(self) -> None:
        self._interrupted = True
        while self._timeouts:
            self._timeouts.pop().reschedule(0)
