import time
from collections.abc import Callable

_BURST, _PER_SECOND = 100, 10


class FrameBudget:
    """How many frames a client may send: 100 at once, then 10 a second.

    Each takes a turn of the event loop, whether or not a message ends with it. A client of Socket.IO sends a few when
    it connects, and then one in 25 seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Take the clock: seconds since any moment."""
        self._now = now
        self._left, self._at = float(_BURST), now()

    def take(self) -> bool:
        """Count a frame, and return whether it is within the budget."""
        now = self._now()
        self._left = min(_BURST, self._left + (now - self._at) * _PER_SECOND)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
