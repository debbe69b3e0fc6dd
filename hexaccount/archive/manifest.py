from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

FORMAT = 1
"""The version of the format of archives that this version writes, and the only one that it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedFile:
    """A file of events by ascending id, with its size in bytes and its digest (SHA-256, hexadecimal)."""

    name: str
    events: int
    first: UUID
    last: UUID
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive contains: the events from `first` to `last`, all of them recorded before `before`.

    `hexaccount` is the version that wrote it, and so tells the schema of the events' data.
    """

    format: int
    hexaccount: str
    created_at: datetime
    before: datetime
    events: int
    first: UUID
    last: UUID
    files: tuple[ArchivedFile, ...]
