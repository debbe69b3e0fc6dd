import os
import threading
import time
from uuid import UUID

from hexaccount.kernel.identifiers import Identifiers


class Uuid7Identifiers(Identifiers):
    """Makes UUIDs of version 7: 48 bits of Unix milliseconds, the rest random (RFC 9562, section 5.7).

    Within one process they ascend strictly: `rand_a` counts within a millisecond (section 6.2, method 1), and the
    clock's steps backwards are ignored.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> UUID:
        """Return a new identifier."""
        chance = os.urandom(9)
        with self._lock:
            # Milliseconds and the 12 bits below them as one number, so that a full counter carries over by itself.
            earliest = (time.time_ns() // 1_000_000 << 12) | chance[0]
            self._last = stamp = max(earliest, self._last + 1)
        high = (stamp >> 12 << 16) | 0x7000 | (stamp & 0xFFF)
        low = 1 << 63 | int.from_bytes(chance[1:]) >> 2
        return UUID(int=high << 64 | low)
