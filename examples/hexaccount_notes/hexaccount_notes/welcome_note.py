from hexaccount.accounts.user import UserRegistered
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.unit_of_work import UnitOfWork
from hexaccount_notes.note import Note, Notes, clean_note


def write_welcome_note(event: UserRegistered, uow: UnitOfWork, *, identifiers: Identifiers, clock: Clock) -> None:
    """Write the first note of a new account."""
    text = clean_note(f"Welcome, {event.first_name}! Here is room for your notes.")
    Notes(uow).add(Note.write(identifiers.new(), event.user_id, text, clock.now()))
