from dataclasses import dataclass
from uuid import UUID

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.sessions.errors import SessionNotFound
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory


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
