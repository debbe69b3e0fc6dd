"""Notes: short texts that people keep with their account."""

from hexaccount.accounts.user import UserErased, UserRegistered
from hexaccount.kernel.capability import Capability, EventHandler
from hexaccount_notes import list_notes, note, remove_note, welcome_note, write_note

capability = Capability(
    name="notes",
    handlers={
        list_notes.ListNotes: list_notes.list_notes,
        remove_note.RemoveNote: remove_note.remove_note,
        write_note.WriteNote: write_note.write_note,
    },
    event_handlers=(
        EventHandler(name="notes-welcome", event=UserRegistered, handle=welcome_note.write_welcome_note),
        EventHandler(name="notes-of-erased", event=UserErased, handle=remove_note.remove_notes_of_erased),
    ),
    records=(note.NOTES,),
    permissions=(list_notes.READ_NOTES,),
    rate_limits=(write_note.WRITE,),
    metrics=(write_note.CHARACTERS,),
)
