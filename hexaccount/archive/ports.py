from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol

from hexaccount.archive.manifest import ArchivedFile, Manifest
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.errors import Refusal


class Archives(Protocol):
    """Folders with the events of a journal in the form in which it has them, sealed data included.

    Each method raises OSError for a folder or a file that cannot be used.
    """

    def find(self, folder: Path) -> Manifest | None:
        """Return the manifest of an archive, None if the folder does not exist or is empty.

        Raises ArchiveFolderTaken where it holds something else, and ArchiveDamaged.
        """
        ...

    def write(
        self, folder: Path, entries: Iterable[JournalEntry], *, before: datetime, created_at: datetime
    ) -> Manifest:
        """Write at least one event, by ascending id, to a folder that appears only when all of it was read again.

        Raises ArchiveFolderUnusable, and ArchiveDamaged if what was read differs.
        """
        ...

    def read(self, folder: Path, file: ArchivedFile) -> Iterator[JournalEntry]:
        """Yield the events of a file, whose digest is checked before the first one; raises ArchiveDamaged."""
        ...


class ArchiveFolderUnusable(Refusal):
    """An archive cannot be written to this folder."""

    code = "archive_folder_unusable"


class ArchiveFolderTaken(ArchiveFolderUnusable):
    """The folder holds something else, which is not overwritten."""

    code = "archive_folder_taken"


class ArchiveNotFound(Refusal):
    """There is no archive in this folder."""

    code = "archive_not_found"

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} has no manifest.json; name the folder of an archive")


class ArchiveDamaged(Refusal):
    """An archive is not as it was written."""

    code = "archive_damaged"
