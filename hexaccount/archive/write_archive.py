from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hexaccount.archive.manifest import Manifest
from hexaccount.archive.ports import ArchiveFolderTaken, Archives
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, History
from hexaccount.kernel.clock import Clock, format_time
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.messages import Command

YOUNGEST = timedelta(days=1)
"""Younger events are not archived: a commit whose ids were made earlier may still be running, as may a relay."""
_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteArchive(Command[Manifest | None]):
    """Write the events from before a moment to an archive, and remove none; None if there are none.

    An archive of the same moment that is there already is kept: its removal may have been interrupted.
    """

    before: datetime
    folder: Path


class TooYoung(Refusal):
    """Events of the last day are not archived."""

    code = "too_young"

    def __init__(self, latest: datetime) -> None:
        super().__init__(f"events of the last day stay in the journal; give a date up to {format_time(latest)}")


def write_archive(command: WriteArchive, *, archives: Archives, history: History, clock: Clock) -> Manifest | None:
    """Return the manifest; raises TooYoung, ArchiveFolderUnusable and ArchiveDamaged."""
    now = clock.now()
    if command.before > now - YOUNGEST:
        raise TooYoung(now - YOUNGEST)
    written = archives.find(command.folder)
    if written is not None and written.before != command.before:
        raise ArchiveFolderTaken(
            f"{command.folder} is the archive of the events before {format_time(written.before)}; "
            "give that date to complete it, or another folder"
        )
    chosen = EventFilter(below=first_id_at(command.before))
    if written is not None or not history.page(chosen, limit=1, after=None):
        return written
    return archives.write(command.folder, _entries(history, chosen), before=command.before, created_at=now)


def _entries(history: History, chosen: EventFilter) -> Iterator[JournalEntry]:
    after = None
    while page := history.page(chosen, limit=_PAGE, after=after):
        yield from page
        after = page[-1].id
