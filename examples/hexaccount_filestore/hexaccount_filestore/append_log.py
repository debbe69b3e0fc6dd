"""An append-only file of records, durable once `append` has returned."""

import fcntl
import os
import struct
from pathlib import Path
from zlib import crc32

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.store import SchemaMismatch

_MAGIC = b"hexaccount-filestore 2\n"
_HEADER = struct.Struct(">II")  # length and checksum of the record that follows


def create(path: Path) -> None:
    """Create an empty file that only its owner can read; an existing file stays as it is."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, _MAGIC)
        os.fsync(descriptor)
        os.link(draft, path)  # atomic, and fails if the file exists
        _sync_directory(path.parent)
    except FileExistsError:
        pass
    finally:
        os.close(descriptor)
        draft.unlink()


class AppendLog:
    """An open file, locked against other processes until it is closed.

    Raises SchemaMismatch if the file is missing or has another format, StoreUnavailable if another process has it open
    or it is damaged.
    """

    def __init__(self, path: Path) -> None:
        """Open and lock the file, and truncate a record that a crash has torn."""
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            raise SchemaMismatch(f"the file {path} does not exist") from None
        except OSError as error:
            raise StoreUnavailable(f"the file {path} cannot be opened: {error.strerror}") from error
        self._failed = False
        try:
            self._lock(path)
            self.records = self._read(path)
        except BaseException:
            os.close(self._descriptor)
            raise

    def append(self, record: bytes) -> None:
        """Write a record and wait for the disk. Once it has raised StoreUnavailable, it always does."""
        if self._failed:
            raise StoreUnavailable("free space on the disk, and start again: the file could not be written to")
        data = memoryview(_HEADER.pack(len(record), crc32(record)) + record)
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fdatasync(self._descriptor)
        except OSError as error:
            # What has reached the disk is unknown; opening the file again finds out.
            self._failed = True
            raise StoreUnavailable(f"the file cannot be written to: {error.strerror}") from error

    def close(self) -> None:
        """Unlock and close the file."""
        os.close(self._descriptor)

    def _lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnavailable(
                f"stop the other process first: the file {path} is open in another process"
            ) from None

    def _read(self, path: Path) -> list[bytes]:
        content = path.read_bytes()
        if not content.startswith(_MAGIC):
            raise SchemaMismatch(f"{path} is not a file of this version of hexaccount-filestore")
        records, at = [], len(_MAGIC)
        while (record := _record_at(content, at)) is not None:
            records.append(record)
            at += _HEADER.size + len(record)
        if at < len(content):
            if not _is_torn(content, at):
                raise StoreUnavailable(f"the file {path} is damaged at byte {at}; restore it from a backup")
            os.ftruncate(self._descriptor, at)
            os.fsync(self._descriptor)
        return records


def _record_at(content: bytes, at: int) -> bytes | None:
    if len(content) < at + _HEADER.size:
        return None
    length, checksum = _HEADER.unpack_from(content, at)
    record = content[at + _HEADER.size : at + _HEADER.size + length]
    return record if length and len(record) == length and crc32(record) == checksum else None


def _is_torn(content: bytes, at: int) -> bool:
    """Return whether the invalid record is the last one, which alone a crash can tear."""
    if len(content) < at + _HEADER.size or not any(content[at:]):
        return True
    length, _ = _HEADER.unpack_from(content, at)
    return at + _HEADER.size + int(length) >= len(content)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
