"""A file of records that survive a crash once they were appended."""

import fcntl
import os
import struct
from pathlib import Path
from zlib import crc32

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.store import SchemaMismatch

_MAGIC = b"hexaccount-filestore 1\n"
_HEAD = struct.Struct(">II")  # length and checksum of the record that follows


def create(path: Path) -> None:
    """Make an empty file for its owner's eyes only; one that is there stays as it is."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, _MAGIC)
        os.fsync(descriptor)
        os.link(draft, path)  # atomic, and refused where the file exists
        _sync_directory(path.parent)
    except FileExistsError:
        pass
    finally:
        os.close(descriptor)
        draft.unlink()


class RecordFile:
    """An open file; no other process can open it until it is closed.

    Raises SchemaMismatch where there is none or not one of this version, StoreUnavailable where another process has it
    or where it is damaged.
    """

    def __init__(self, path: Path) -> None:
        """Open and lock the file, and cut off what a crash has left half-written at its end."""
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
        except FileNotFoundError:
            raise SchemaMismatch(f"there is no file {path} yet") from None
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
        """Write a record; it is on the disk when this returns. Raises StoreUnavailable, from then on always."""
        if self._failed:
            raise StoreUnavailable("the file could not be written to; make room, and start again")
        data = memoryview(_HEAD.pack(len(record), crc32(record)) + record)
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fdatasync(self._descriptor)
        except OSError as error:
            # Nobody knows what the disk has now; opening the file again finds out.
            self._failed = True
            raise StoreUnavailable(f"the file cannot be written to: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreUnavailable(f"the file {path} is open in another process; end that one first") from None

    def _read(self, path: Path) -> list[bytes]:
        content = path.read_bytes()
        if not content.startswith(_MAGIC):
            raise SchemaMismatch(f"{path} is not a file of this version of hexaccount-filestore")
        records, at = [], len(_MAGIC)
        while (record := _record_at(content, at)) is not None:
            records.append(record)
            at += _HEAD.size + len(record)
        if at < len(content):
            if not _is_torn(content, at):
                raise StoreUnavailable(f"the file {path} is damaged at byte {at}; restore it from a backup")
            os.ftruncate(self._descriptor, at)
            os.fsync(self._descriptor)
        return records


def _record_at(content: bytes, at: int) -> bytes | None:
    if len(content) < at + _HEAD.size:
        return None
    length, checksum = _HEAD.unpack_from(content, at)
    record = content[at + _HEAD.size : at + _HEAD.size + length]
    return record if length and len(record) == length and crc32(record) == checksum else None


def _is_torn(content: bytes, at: int) -> bool:
    """Tell whether what is no record is the last there is: as each is on the disk before the next, only that can be."""
    if len(content) < at + _HEAD.size or not any(content[at:]):
        return True
    length, _ = _HEAD.unpack_from(content, at)
    return at + _HEAD.size + int(length) >= len(content)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
