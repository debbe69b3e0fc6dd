import fcntl
import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Slot:
    """Two files: whoever holds `next` is the next to hold `held`, and whoever holds that may compute."""

    next: int
    held: int


class SharedSlots:
    """Files of a directory that stand for the hashes all processes of the service may compute at once.

    A slot is taken by locking its file with flock(2), which belongs to the descriptor: one opened before a fork would
    be one lock in two processes, so each process makes its own SharedSlots. The kernel frees the slots of a process
    that dies. Each file is opened once a process, and never held by two threads of it, so at most `count` threads may
    use one SharedSlots.

    The kernel wakes who waits for a lock, and gives it to whoever asks first: that is the process that has just given
    it back. So that nobody waits while others take a slot again and again, a second file says whose turn is next.
    """

    def __init__(self, directory: Path, count: int) -> None:
        """Open two files of `directory` for each of `count` slots, making those that are missing; raises OSError."""
        self._files: list[int] = []
        try:
            for number in range(count):
                for name in ("next", "slot"):
                    # os.open because a file object would buffer, and lock under its own mutex.
                    path = directory / f"{name}-{number}"
                    self._files.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError:
            self.close()
            raise
        self._at_hand = deque(map(Slot, self._files[::2], self._files[1::2]))

    def take_free(self) -> Slot | None:
        """Return a slot that is now held, or None when every slot at hand is taken or promised."""
        for _ in range(len(self._at_hand)):
            slot = self._at_hand.popleft()
            if _locked_at_once(slot.next):
                free = _locked_at_once(slot.held)
                fcntl.flock(slot.next, fcntl.LOCK_UN)
                if free:
                    return slot
            self._at_hand.append(slot)
        return None

    def wait_for_one(self) -> Slot:
        """Return a slot that is now held, once its holder has given it back; no two threads wait for the same one."""
        slot = self._at_hand.popleft()
        fcntl.flock(slot.next, fcntl.LOCK_EX)
        fcntl.flock(slot.held, fcntl.LOCK_EX)
        fcntl.flock(slot.next, fcntl.LOCK_UN)
        return slot

    def refund(self, slot: Slot) -> None:
        """Let another thread or process have `slot`."""
        fcntl.flock(slot.held, fcntl.LOCK_UN)
        self._at_hand.append(slot)

    def close(self) -> None:
        """Close the files; a slot that is still held becomes free with them."""
        while self._files:
            os.close(self._files.pop())


def _locked_at_once(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
