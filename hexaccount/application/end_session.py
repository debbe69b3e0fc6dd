from dataclasses import dataclass
from uuid import UUID

from hexaccount.application.messages import Command
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.repetition import repeat_when_stale
from hexaccount.domain.errors import SessionNotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession(Command[None]):
    """End one session of an account, and every token of it at once; one that has ended stays ended."""

    user_id: UUID
    session_id: UUID


@repeat_when_stale
def end_session(command: EndSession, *, unit_of_work: UnitOfWorkFactory, clock: Clock) -> None:
    """End a session; raises SessionNotFound, also for one of somebody else."""
    with unit_of_work() as uow:
        session = uow.sessions.find(command.session_id)
        if session is None or session.user_id != command.user_id:
            raise SessionNotFound
        session.close(clock.now())
        uow.commit()
