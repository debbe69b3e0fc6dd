from dataclasses import dataclass
from pathlib import Path

from hexaccount.archive.batches import in_batches
from hexaccount.archive.manifest import ArchivedFile
from hexaccount.archive.ports import Archives
from hexaccount.kernel.messages import Command
from hexaccount.retention.ports import RetentionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveArchived(Command[int]):
    """Remove from the journal the events of one file of an archive, and return how many; it may be repeated."""

    folder: Path
    file: ArchivedFile


def remove_archived(command: RemoveArchived, *, archives: Archives, retention_store: RetentionStore) -> int:
    """Remove events batch by batch, but those that a subscriber has yet to handle; raises ArchiveDamaged."""
    entries = archives.read(command.folder, command.file)
    return sum(retention_store.remove_events([entry.id for entry in batch]) for batch in in_batches(entries))
