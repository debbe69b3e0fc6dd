from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from hexaccount.accounts.users import Users
from hexaccount.kernel.messages import Query
from hexaccount.kernel.pages import LONGEST_PAGE
from hexaccount.kernel.permission import Permission
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount_notes.note import Note, Notes

READ_NOTES = Permission("notes.read")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """A note as its user and admins see it."""

    id: UUID
    text: str
    written_at: datetime

    @classmethod
    def of(cls, note: Note) -> Self:
        return cls(id=note.id, text=note.text, written_at=note.written_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePage:
    """Notes, newest first, and the id after which the next page begins, None on the last one."""

    notes: Sequence[NoteView]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNotes(Query[NotePage]):
    """List up to `limit` notes (1 to 200) of an account that are older than `after`."""

    user_id: UUID
    limit: int = 50
    after: UUID | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LONGEST_PAGE:
            raise ValueError(f"limit must be 1 to {LONGEST_PAGE}")


def list_notes(query: ListNotes, *, unit_of_work: UnitOfWorkFactory[UnitOfWork]) -> NotePage:
    """Return a page of notes; raises UserNotFound."""
    with unit_of_work() as uow:
        user = Users(uow).get(query.user_id)
        found = Notes(uow).newest(user.id, limit=query.limit + 1, after=query.after)
    notes = [NoteView.of(note) for note in found[: query.limit]]
    return NotePage(notes=notes, next=notes[-1].id if len(found) > query.limit else None)
