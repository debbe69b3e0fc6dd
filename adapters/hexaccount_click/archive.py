"""The commands of `hexaccount events` that move events into an archive, and back."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from hexaccount.accounts.get_user import GetUser
from hexaccount.archive.get_archive import GetArchive
from hexaccount.archive.manifest import ArchivedFile, Manifest
from hexaccount.archive.remove_archived import RemoveArchived
from hexaccount.archive.restore_archived import RestoreArchived
from hexaccount.archive.write_archive import WriteArchive
from hexaccount.kernel.bus import MessageBus
from hexaccount_click.options import TimeType, json_option, pass_program, yes_option
from hexaccount_click.output import print_json, print_message, print_result
from hexaccount_click.program import Program
from hexaccount_click.prompts import confirm
from hexaccount_click.table import printable

_folder_type = click.Path(path_type=Path, readable=False)  # who opens it says why it cannot be read
archive_option = click.option(
    "--archive", type=_folder_type, metavar="FOLDER", help="Put the events of this archive back first."
)


@click.command("archive")
@click.option("--before", type=TimeType(), required=True, metavar="TIME", help="Only events recorded before then.")
@click.option("--to", "folder", type=_folder_type, required=True, metavar="FOLDER", help="The new folder to write.")
@yes_option
@json_option
@pass_program
def archive_events(program: Program, *, before: datetime, folder: Path, yes: bool, as_json: bool) -> None:
    """Move old events from the journal into a folder of compressed files.

    The files are written, read again and compared before any event is removed. Events that a subscriber has yet to
    handle stay in the journal.

    To resume after an interrupt, run it again with the same TIME and FOLDER.
    """
    bus = program.bus()
    if not yes:
        confirm(f"Move all events from before {before:%Y-%m-%d %H:%M} UTC to {printable(str(folder))}?")
    manifest = bus.handle(WriteArchive(before=before, folder=folder))
    if manifest is None:
        _report(as_json, archived=0, removed=0, text="There are no events from before then.")
        return
    removed = _each_file(manifest, lambda file: bus.handle(RemoveArchived(folder=folder, file=file)))
    place = printable(str(folder))
    text = f"Archived {count_of(manifest.events)} to {place}, and removed {removed:,} from the journal."
    _report(as_json, archived=manifest.events, removed=removed, text=text)
    if removed < manifest.events:
        print_message("The others were removed before, or wait for a subscriber: run it again when they are delivered.")


@click.command("restore")
@click.argument("folder", type=_folder_type)
@click.option("--user", metavar="USER", help="Only the events of this account.")
@json_option
@pass_program
def restore_events(program: Program, *, folder: Path, user: str | None, as_json: bool) -> None:
    """Put the events of an archive back into the journal.

    The archive stays as it is. No subscriber receives the events: `replay` delivers them.
    """
    bus = program.bus()
    restored = restore_all(bus, folder, None if user is None else bus.handle(GetUser(reference=user)).id)
    if as_json:
        print_json({"data": {"restored": restored}})
    else:
        print_result(f"Restored {count_of(restored)} from {printable(str(folder))}.")


def restore_all(bus: MessageBus, folder: Path, user_id: UUID | None) -> int:
    """Put the events of all files back, of one account or all, and return how many the journal lacked."""
    manifest = bus.handle(GetArchive(folder=folder))
    return _each_file(manifest, lambda file: bus.handle(RestoreArchived(folder=folder, file=file, user_id=user_id)))


def count_of(events: int) -> str:
    """Return a number of events in words."""
    return "1 event" if events == 1 else f"{events:,} events"


def _each_file(manifest: Manifest, act: Callable[[ArchivedFile], int]) -> int:
    files: Sequence[ArchivedFile] = manifest.files
    with click.progressbar(files, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        return sum(map(act, bar))


def _report(as_json: bool, *, archived: int, removed: int, text: str) -> None:
    if as_json:
        print_json({"data": {"archived": archived, "removed": removed}})
    else:
        print_result(text)
