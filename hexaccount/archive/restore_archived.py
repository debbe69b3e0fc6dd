from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from hexaccount.archive.batches import in_batches
from hexaccount.archive.manifest import ArchivedFile
from hexaccount.archive.ports import Archives
from hexaccount.events.ports import EventFilter
from hexaccount.kernel.messages import Command
from hexaccount.retention.ports import RetentionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreArchived(Command[int]):
    """Put the events of one file of an archive back into the journal, of one account or all; it may be repeated.

    Returns how many the journal lacked. No subscriber receives them: a replay delivers them.
    """

    folder: Path
    file: ArchivedFile
    user_id: UUID | None = None


def restore_archived(command: RestoreArchived, *, archives: Archives, retention_store: RetentionStore) -> int:
    """Put events back batch by batch; raises ArchiveDamaged."""
    chosen = EventFilter(user_id=command.user_id)
    entries = (entry for entry in archives.read(command.folder, command.file) if chosen.matches(entry))
    return sum(map(retention_store.restore_events, in_batches(entries)))
