import os
import threading
import time
from uuid import UUID

from hexaccount.kernel.identifiers import Identifiers


class Uuid7Identifiers(Identifiers):
    """Creates UUIDs of version 7: 48 bits of Unix milliseconds, the rest random (RFC 9562, section 5.7).

    Within one process they ascend strictly, even if the clock steps back: `rand_a` is a counter within a millisecond
    (section 6.2, method 1).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> UUID:
        random = os.urandom(9)
        with self._lock:
            # Milliseconds and the counter of 12 bits as one number, so that a full counter carries over.
            earliest = (time.time_ns() // 1_000_000 << 12) | random[0]
            self._last = stamp = max(earliest, self._last + 1)
        high = (stamp >> 12 << 16) | 0x7000 | (stamp & 0xFFF)
        low = 1 << 63 | int.from_bytes(random[1:]) >> 2
        return UUID(int=high << 64 | low)
