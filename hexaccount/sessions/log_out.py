from dataclasses import dataclass
from uuid import UUID

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOut(Command[None]):
    """End a session, and every token of it at once; one that has ended stays ended."""

    session_id: UUID


@repeat_when_stale
def log_out(command: LogOut, *, unit_of_work: UnitOfWorkFactory, clock: Clock) -> None:
    """End a session."""
    with unit_of_work() as uow:
        session = uow.sessions.find(command.session_id)
        if session is not None:
            session.close(clock.now())
            uow.commit()
