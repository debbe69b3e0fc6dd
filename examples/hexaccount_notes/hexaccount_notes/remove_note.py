from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.user import UserErased
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount_notes.note import Notes


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNote(Command[None]):
    """Remove a note of an account."""

    user_id: UUID
    note_id: UUID


@repeat_when_stale
def remove_note(command: RemoveNote, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    """Remove a note; raises NoteNotFound, also for the note of another account."""
    with unit_of_work() as uow:
        notes = Notes(uow)
        note = notes.get(command.note_id, command.user_id)
        note.remove(clock.now())
        notes.remove(note)
        uow.commit()


def remove_notes_of_erased(event: UserErased, uow: UnitOfWork, *, clock: Clock) -> None:
    """Remove all notes of an account that was erased."""
    notes = Notes(uow)
    for note in notes.newest(event.user_id, limit=None):
        note.remove(clock.now())
        notes.remove(note)
