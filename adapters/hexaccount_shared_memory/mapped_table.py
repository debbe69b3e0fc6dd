import mmap
import os
import weakref
from pathlib import Path

from hexaccount.kernel.files import naming
from hexaccount_shared_memory.file_lock import FileLock

KEY_BYTES = 16
_MAGIC = b"hexaccount rate limits 1\n"  # with the version of the format
_HEADER = 4096
_WAYS = 16
_SETS = 8192
_KEYS = KEY_BYTES * _WAYS
_SET = _KEYS + 2 * 8 * _WAYS
_SIZE = _HEADER + _SETS * _SET


class NoCounters(Exception):
    """A file is none of this format."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is no file of rate limits of this version; move it away, and counting begins anew")


class MappedTable:
    """131,072 pairs of moments by key, in a file of 4 MiB that processes map into their memory.

    A key has the places of one set, which its bytes choose: 16 keys, then their first moments, then their second ones,
    all of them integers of 64 bits. A new key takes the place whose later moment comes first; it is 0 where none was.
    So nothing is ever moved or removed, each step takes a bounded time, and a key is never dropped for one whose
    moments come before its own.

    A key is 16 bytes that cannot be chosen freely, such as a digest. Every call is under `lock`. A process that is
    killed in the midst of `put` leaves the places of other keys as they are: it erases the old key of a place first,
    and writes the new one last. The file is closed when the table is no longer referred to.
    """

    def __init__(self, path: Path) -> None:
        """Open a file, and make it if it is missing; raises OSError and NoCounters."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        weakref.finalize(self, os.close, self._file)
        self.lock = FileLock(self._file)
        with naming(path), self.lock:
            self._make(path)
        self._map = mmap.mmap(self._file, _SIZE)
        self._moments = memoryview(self._map).cast("q")

    def _make(self, path: Path) -> None:
        """Write an empty table into an empty file, or one that a process has left that was killed here."""
        header = os.pread(self._file, len(_MAGIC), 0)
        if header == _MAGIC and os.fstat(self._file).st_size == _SIZE:
            return
        if header.strip(b"\0"):
            raise NoCounters(path)
        os.ftruncate(self._file, 0)
        # Written, not only extended: a full disk is an error here, and would kill the process later (SIGBUS).
        with open(self._file, "wb", closefd=False) as file:
            file.write(bytes(_SIZE))
        os.pwrite(self._file, _MAGIC, 0)

    def get(self, key: bytes) -> tuple[int, int] | None:
        """Return the moments of a key, None if it has none."""
        place = self._place(key)
        return None if place is None else (self._moments[place], self._moments[place + _WAYS])

    def put(self, key: bytes, first: int, second: int) -> None:
        """Set the moments of a key."""
        place, moments = self._place(key), self._moments
        if place is not None:
            moments[place], moments[place + _WAYS] = first, second
            return
        start = _start_of(key)
        at = (start + _KEYS) // 8
        later = list(map(max, moments[at : at + _WAYS], moments[at + _WAYS : at + 2 * _WAYS]))
        way = later.index(min(later))
        position = start + KEY_BYTES * way
        self._map[position : position + KEY_BYTES] = bytes(KEY_BYTES)
        moments[at + way], moments[at + way + _WAYS] = first, second
        self._map[position : position + KEY_BYTES] = key

    def _place(self, key: bytes) -> int | None:
        start = _start_of(key)
        found = self._map.find(key, start, start + _KEYS)
        return None if found < 0 else (start + _KEYS) // 8 + (found - start) // KEY_BYTES


def _start_of(key: bytes) -> int:
    return _HEADER + int.from_bytes(key[:2], "little") % _SETS * _SET
