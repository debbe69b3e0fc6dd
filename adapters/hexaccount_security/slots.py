import fcntl
import os
from collections import deque
from pathlib import Path


class SharedSlots:
    """Files of a directory that stand for the hashes all processes of the service may compute at once.

    A slot is taken by locking its file with flock(2), which belongs to the descriptor: one opened before a fork would
    be one lock in two processes, so each process makes its own SharedSlots. The kernel frees the slots of a process
    that dies. Each file is opened once a process, and never held by two threads of it, so at most `count` threads may
    use one SharedSlots.
    """

    def __init__(self, directory: Path, count: int) -> None:
        """Open `count` files of `directory`, making those that are missing; raises OSError."""
        self._files: list[int] = []
        try:
            for number in range(count):
                # os.open because a file object would buffer, and lock under its own mutex.
                self._files.append(os.open(directory / f"slot-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError:
            self.close()
            raise
        self._at_hand = deque(self._files)

    def take_free(self) -> int | None:
        """Return a slot that is now held, or None when every slot at hand is taken."""
        for _ in range(len(self._at_hand)):
            slot = self._at_hand.popleft()
            try:
                fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._at_hand.append(slot)
            else:
                return slot
        return None

    def wait_for_one(self) -> int:
        """Return a slot that is now held, once its holder has given it back; no two threads wait for the same one."""
        slot = self._at_hand.popleft()
        fcntl.flock(slot, fcntl.LOCK_EX)
        return slot

    def give_back(self, slot: int) -> None:
        """Let another thread or process have `slot`."""
        fcntl.flock(slot, fcntl.LOCK_UN)
        self._at_hand.append(slot)

    def close(self) -> None:
        """Close the files; a slot that is still held becomes free with them."""
        while self._files:
            os.close(self._files.pop())
