from typing import TYPE_CHECKING
from uuid import UUID

import click

from hexaccount.accounts.views import UserView
from hexaccount_click.options import json_option, wide_option
from hexaccount_click.output import Columns
from hexaccount_click.paging import limit_option, print_page
from hexaccount_click.table import printable
from hexaccount_click.user_argument import pass_user
from hexaccount_notes.list_notes import ListNotes, NoteView

if TYPE_CHECKING:
    from hexaccount.kernel.bus import MessageBus

_COLUMNS: Columns[NoteView] = {
    "ID": lambda note: note.id,
    "WRITTEN": lambda note: note.written_at,
    "TEXT": lambda note: note.text,
}


@click.group()
def notes() -> None:
    """List the notes of users."""


@notes.command("list")
@pass_user
@limit_option
@click.option("--after", type=click.UUID, metavar="ID", help="Begin after the note with this id.")
@wide_option
@json_option
def list_(bus: "MessageBus", user: UserView, *, limit: int, after: UUID | None, wide: bool, as_json: bool) -> None:
    """List the notes of an account, newest first."""
    page = bus.handle(ListNotes(user_id=user.id, limit=limit, after=after))
    empty = f"{printable(user.user_name)} has no notes."
    print_page(page.notes, page.next, _COLUMNS, as_json=as_json, wide=wide, empty=empty)
