import ctypes
import fcntl
import threading
import time
from types import TracebackType
from typing import Self

# PyDLL keeps the GIL, unlike fcntl.flock. A thread that gave it up here would have to wait for it again, for 5 ms and
# more where others compute, while it holds up all other processes.
_flock = ctypes.PyDLL(None).flock
_PAUSE = 50e-6  # seconds; a holder needs some 20 µs


class FileLock:
    """Excludes other threads and other processes by flock(2); the kernel releases the lock of a process that dies.

    The lock belongs to the open file description, which a fork shares: each process opens the file by itself.
    """

    __slots__ = ("_file", "_threads")

    def __init__(self, file: int) -> None:
        self._file = file
        self._threads = threading.Lock()

    def __enter__(self) -> Self:
        self._threads.acquire()
        while _flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            time.sleep(_PAUSE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _flock(self._file, fcntl.LOCK_UN)
        self._threads.release()
