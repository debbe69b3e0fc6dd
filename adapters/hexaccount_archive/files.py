"""A file of events: a JSON document on each line (NDJSON), compressed with Zstandard."""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import IO, get_type_hints

import msgspec

from hexaccount.archive.manifest import ArchivedFile
from hexaccount.archive.ports import ArchiveDamaged
from hexaccount.events.journal_entry import JournalEntry

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BYTES = 64 * 2**20
"""How many bytes of JSON a file has before the next one begins."""

# All fields of an entry by name, whatever they are called.
_Line = msgspec.defstruct("_Line", get_type_hints(JournalEntry).items())
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Line)


def write_files(folder: Path, entries: Iterable[JournalEntry]) -> Iterator[ArchivedFile]:
    """Write events to files of bounded size, and yield each one once it is on the disk and was read again.

    Raises ArchiveDamaged if that gives something else.
    """
    remaining, number = iter(entries), 0
    while (first := next(remaining, None)) is not None:
        number += 1
        yield _write_file(folder / f"events-{number:05}.ndjson.zst", first, remaining)


def read_file(path: Path, file: ArchivedFile) -> Iterator[JournalEntry]:
    """Return the events of a file; raises OSError, and ArchiveDamaged if its digest does not match."""
    try:
        digest = _digest(path)
    except FileNotFoundError:
        raise ArchiveDamaged(f"{path} is missing; restore it from a copy of the archive") from None
    if digest != file.sha256:
        raise ArchiveDamaged(f"{path} has not the SHA-256 of the manifest; restore it from a copy of the archive")
    return (_entry_of(line) for line in _lines(path))


def create_file(path: Path) -> IO[bytes]:
    """Open a new file that only its owner may read; raises FileExistsError."""
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")  # noqa: PTH123 - a descriptor


def sync(file: IO[bytes]) -> None:
    """Return once a file is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def _write_file(path: Path, first: JournalEntry, remaining: Iterator[JournalEntry]) -> ArchivedFile:
    """Write events until the file is large enough, or none is left."""
    events, size, content, last = 0, 0, hashlib.sha256(), first
    with create_file(path) as file:
        with zstd.open(file, "wb") as stream:
            for last in chain([first], remaining):
                line = _line(last)
                stream.write(line)
                content.update(line)
                events, size = events + 1, size + len(line)
                if size >= MAX_BYTES:
                    break
        sync(file)
    read = hashlib.sha256()
    for line in _lines(path):
        read.update(line)
    if read.digest() != content.digest():
        raise ArchiveDamaged(f"{path} reads back as something else than was written; write to another disk")
    return ArchivedFile(
        name=path.name, events=events, first=first.id, last=last.id, size=path.stat().st_size, sha256=_digest(path)
    )


def _line(entry: JournalEntry) -> bytes:
    line = _ENCODER.encode(entry._asdict()) + b"\n"
    if _entry_of(line) != entry:
        raise ArchiveDamaged(f"the event {entry.id} would read back as another one; it has to stay in the journal")
    return line


def _entry_of(line: bytes) -> JournalEntry:
    return JournalEntry._make(msgspec.structs.astuple(_DECODER.decode(line)))


def _lines(path: Path) -> Iterator[bytes]:
    with zstd.open(path, "rb") as stream:
        yield from stream


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
