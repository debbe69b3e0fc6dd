"""The archive: events that are moved from the journal into files, and back."""

from hexaccount.archive import get_archive, remove_archived, restore_archived, write_archive
from hexaccount.kernel.capability import Capability

capability = Capability(
    name="archive",
    handlers={
        get_archive.GetArchive: get_archive.get_archive,
        remove_archived.RemoveArchived: remove_archived.remove_archived,
        restore_archived.RestoreArchived: restore_archived.restore_archived,
        write_archive.WriteArchive: write_archive.write_archive,
    },
)
