"""The notes of the caller, and those of other users for whom may read them."""

from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta, Struct

from hexaccount.accounts.errors import UserNotFound
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.authenticate import Principal
from hexaccount_flask import Routes
from hexaccount_flask.accounts import UserIdInPath
from hexaccount_flask.web.authentication import BearerToken, SignedIn
from hexaccount_flask.web.bodies import RequestModel
from hexaccount_flask.web.fields import Time, text
from hexaccount_flask.web.inputs import id_in_path
from hexaccount_flask.web.pages import PageLimit, PageStart, cursor_of
from hexaccount_flask.web.problems import ProblemType
from hexaccount_flask.web.responses import Created, Done, Listed, Resource
from hexaccount_notes.list_notes import READ_NOTES, ListNotes
from hexaccount_notes.note import LONGEST_NOTE, NoteNotFound
from hexaccount_notes.remove_note import RemoveNote
from hexaccount_notes.write_note import WRITE, WriteNote

_PATH = "/api/v1/me/notes"

NoteId: TypeAlias = Annotated[
    UUID, Meta(description="The id of a note.", examples=["01a20436-11c8-7e0a-9d4e-b7c3a8f0d215"])
]
NoteText: TypeAlias = Annotated[
    str,
    text("The text, on any number of lines.", "Buy flowers", minLength=1, maxLength=LONGEST_NOTE, format="paragraph"),
]
NoteIdInPath: TypeAlias = Annotated[UUID, id_in_path("note_id", NoteId, NoteNotFound)]
MayReadNotes: TypeAlias = Annotated[Principal, BearerToken(READ_NOTES)]

routes = Routes({NoteNotFound: ProblemType(404)}, tags={"notes": "Notes, for their user and for admins."})


class NoteRequest(RequestModel, frozen=True, kw_only=True):
    """A new note."""

    text: NoteText


class WrittenModel(Struct, frozen=True):
    """A new note."""

    id: NoteId


class NoteModel(Resource, frozen=True):
    """A note."""

    id: NoteId
    text: NoteText
    written_at: Time


@routes.add("POST", _PATH, tag="notes", limit=WRITE)
def write_note(bus: MessageBus, caller: SignedIn, body: NoteRequest) -> Created[WrittenModel]:
    """Write a note."""
    note_id = bus.handle(WriteNote.of_text(caller.user.id, body.text))
    return Created(WrittenModel(id=note_id), _PATH)


@routes.add("GET", _PATH, tag="notes")
def list_my_notes(bus: MessageBus, caller: SignedIn, limit: PageLimit, after: PageStart) -> Listed[NoteModel]:
    """List your notes, newest first."""
    return _page(bus, ListNotes(user_id=caller.user.id, limit=limit, after=after))


@routes.add("DELETE", f"{_PATH}/<note_id>", tag="notes", errors=[StaleVersion])
def remove_note(bus: MessageBus, caller: SignedIn, note_id: NoteIdInPath) -> Done:
    """Remove one of your notes."""
    bus.handle(RemoveNote(user_id=caller.user.id, note_id=note_id))
    return Done()


@routes.add("GET", "/api/v1/users/<user_id>/notes", tag="notes", errors=[UserNotFound])
def list_notes_of_user(
    bus: MessageBus, _: MayReadNotes, user_id: UserIdInPath, limit: PageLimit, after: PageStart
) -> Listed[NoteModel]:
    """List the notes of a user, newest first."""
    return _page(bus, ListNotes(user_id=user_id, limit=limit, after=after))


def _page(bus: MessageBus, query: ListNotes) -> Listed[NoteModel]:
    page = bus.handle(query)
    return Listed([NoteModel.of(note) for note in page.notes], cursor_of(page.next))
