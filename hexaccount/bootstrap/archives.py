from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

from hexaccount.archive.manifest import ArchivedFile, Manifest
from hexaccount.archive.ports import Archives
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.errors import Refusal


class ArchivesUnsupported(Refusal):
    """The library that compresses archives is not installed."""

    code = "archives_unsupported"


class ArchivesOnDemand(Archives):
    """Imports the adapter at the first use, as few processes need it; raises ArchivesUnsupported."""

    def find(self, folder: Path) -> Manifest | None:
        return _archives().find(folder)

    def write(
        self, folder: Path, entries: Iterable[JournalEntry], *, before: datetime, created_at: datetime
    ) -> Manifest:
        return _archives().write(folder, entries, before=before, created_at=created_at)

    def read(self, folder: Path, file: ArchivedFile) -> Iterator[JournalEntry]:
        return _archives().read(folder, file)


@cache
def _archives() -> Archives:
    try:
        from hexaccount_archive import FolderArchives
    except ImportError as error:
        from hexaccount.bootstrap.installation import install_command

        raise ArchivesUnsupported(f"archives need a library; install it with: {install_command('archive')}") from error
    return FolderArchives()
