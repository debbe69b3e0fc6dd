from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.field_checks import FieldChecks
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.messages import Command
from hexaccount.kernel.metrics import MetricDefinition, MetricKind, Metrics
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount_notes.note import Note, Notes, clean_note

WRITE = RateLimitPolicy("notes", RateLimit.of(20, 1, 500, 60))
CHARACTERS = MetricDefinition(
    "hexaccount_notes_characters",
    MetricKind.DISTRIBUTION,
    "The lengths of the notes that users wrote.",
    buckets=(10, 100, 1000, 2000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteNote(Command[UUID]):
    """Write a note; returns its id."""

    user_id: UUID
    text: str = field(repr=False)

    @classmethod
    def of_text(cls, user_id: UUID, text: str) -> Self:
        """Build the command from text; raises InvalidInput."""
        checks = FieldChecks()
        cleaned = checks.parse("text", clean_note, text)
        checks.finish()
        return cls(user_id=user_id, text=cleaned)


def write_note(
    command: WriteNote,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    identifiers: Identifiers,
    clock: Clock,
    metrics: Metrics,
) -> UUID:
    note = Note.write(identifiers.new(), command.user_id, command.text, clock.now())
    with unit_of_work() as uow:
        Notes(uow).add(note)
        uow.commit()
    metrics.observe(CHARACTERS, len(command.text))
    return note.id
