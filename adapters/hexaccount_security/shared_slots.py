import fcntl
import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Slot:
    """Two file descriptors. The holder of `held` may compute; the holder of `next` will get `held` next."""

    next: int
    held: int


class SharedSlots:
    """Files in a directory that limit how many hashes all processes of the service compute at once.

    A process acquires a slot with flock(2) on its file. A lock belongs to the open file description, which a fork
    shares, so each process creates its own SharedSlots. The kernel releases the slots of a process that dies. A
    process opens each file once, and no two of its threads lock one: at most `count` threads may use one SharedSlots.

    The kernel wakes the processes that wait for a lock, but gives it to the first that requests it: often the one that
    has just released it. The second file of a slot prevents that starvation, because it says whose turn is next.
    """

    def __init__(self, directory: Path, count: int) -> None:
        """Open two files of `directory` for each of `count` slots, and create missing ones; raises OSError."""
        self._files: list[int] = []
        try:
            for number in range(count):
                for name in ("next", "slot"):
                    # os.open, because a file object would buffer, and lock under its own mutex.
                    path = directory / f"{name}-{number}"
                    self._files.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError:
            self.close()
            raise
        self._unused = deque(map(Slot, self._files[::2], self._files[1::2]))

    def try_acquire(self) -> Slot | None:
        """Return a free slot, or None if other processes hold, or wait for, all that this process does not use."""
        for _ in range(len(self._unused)):
            slot = self._unused.popleft()
            if _try_lock(slot.next):
                locked = _try_lock(slot.held)
                fcntl.flock(slot.next, fcntl.LOCK_UN)
                if locked:
                    return slot
            self._unused.append(slot)
        return None

    def acquire(self) -> Slot:
        """Wait for a slot, and return it; no two threads wait for the same one."""
        slot = self._unused.popleft()
        fcntl.flock(slot.next, fcntl.LOCK_EX)
        fcntl.flock(slot.held, fcntl.LOCK_EX)
        fcntl.flock(slot.next, fcntl.LOCK_UN)
        return slot

    def release(self, slot: Slot) -> None:
        fcntl.flock(slot.held, fcntl.LOCK_UN)
        self._unused.append(slot)

    def close(self) -> None:
        """Close the files, which releases all slots."""
        while self._files:
            os.close(self._files.pop())


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
