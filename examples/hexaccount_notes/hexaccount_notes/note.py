"""A note, its events, and the notes in the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from hexaccount.kernel.aggregate import Aggregate, ForeignEvent
from hexaccount.kernel.errors import InvalidValue, Refusal
from hexaccount.kernel.event import Event
from hexaccount.kernel.records import LookUp, RecordType
from hexaccount.kernel.text import clean_paragraph
from hexaccount.kernel.unit_of_work import UnitOfWork

LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWritten(Event):
    """A user, or the service on their behalf, wrote a note."""

    type = "hexaccount_notes.note.written.v1"
    personal = frozenset({"text"})
    changes_access = False

    note_id: UUID
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRemoved(Event):
    """A note was removed; its id is used by no other note."""

    type = "hexaccount_notes.note.removed.v1"
    changes_access = False

    note_id: UUID


class NoteNotFound(Refusal):
    """The account has no such note."""

    code = "note_not_found"

    def __init__(self) -> None:
        super().__init__("you have no note with this id")


def clean_note(text: str) -> str:
    """Return the text of a note: 1 to 2,000 characters on any number of lines; raises InvalidValue."""
    cleaned = clean_paragraph(text, at_most=LONGEST_NOTE)
    if not cleaned:
        raise InvalidValue("is empty; write at least one character")
    return cleaned


@dataclass(slots=True, kw_only=True, eq=False)
class Note(Aggregate):
    """A note of the account `user_id`."""

    kind: ClassVar[str] = "note"

    user_id: UUID
    text: str
    written_at: datetime
    removed: bool = False

    @classmethod
    def write(cls, note_id: UUID, user_id: UUID, text: str, at: datetime) -> Self:
        """Write a note; `text` is clean."""
        return cls._begun_by(NoteWritten(user_id=user_id, note_id=note_id, text=text, at=at))

    def remove(self, at: datetime) -> None:
        """Record the removal, after which the note leaves the store."""
        self._record(NoteRemoved(user_id=self.user_id, note_id=self.id, at=at))

    @classmethod
    def _begin(cls, event: Event) -> Self:
        if not isinstance(event, NoteWritten):
            raise ForeignEvent(cls, event)
        return cls(id=event.note_id, version=1, user_id=event.user_id, text=event.text, written_at=event.at)

    def _apply(self, event: Event) -> None:
        if not isinstance(event, NoteRemoved):
            raise ForeignEvent(type(self), event)
        self.removed = True


_NEWEST = LookUp(equal=("user_id",), descending=True, indexed=("user_id", "id"))

NOTES = RecordType.of(Note, "hexaccount_notes", kind=Note.kind, leave_out=["pending", "removed"], look_ups=(_NEWEST,))


class Notes:
    """The repository of notes."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._records = uow.records(NOTES)

    def add(self, note: Note) -> None:
        self._records.add(note)

    def get(self, note_id: UUID, user_id: UUID) -> Note:
        """Return a note of an account; raises NoteNotFound, also for the note of another account."""
        note = self._records.get(note_id)
        if note is None or note.user_id != user_id:
            raise NoteNotFound
        return note

    def newest(self, user_id: UUID, *, limit: int | None, after: UUID | None = None) -> Sequence[Note]:
        """Return up to `limit` notes of an account, or all, newest first, that are older than the note `after`."""
        return self._records.page(_NEWEST, limit=limit, after=after, user_id=user_id)

    def remove(self, note: Note) -> None:
        """At commit, store the events of a removed note, and remove it."""
        self._records.remove(note)
