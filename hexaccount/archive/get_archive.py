from dataclasses import dataclass
from pathlib import Path

from hexaccount.archive.manifest import Manifest
from hexaccount.archive.ports import ArchiveNotFound, Archives
from hexaccount.kernel.messages import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class GetArchive(Query[Manifest]):
    """Get the manifest of an archive."""

    folder: Path


def get_archive(query: GetArchive, *, archives: Archives) -> Manifest:
    """Return the manifest; raises ArchiveNotFound, ArchiveFolderTaken and ArchiveDamaged."""
    manifest = archives.find(query.folder)
    if manifest is None:
        raise ArchiveNotFound(query.folder)
    return manifest
