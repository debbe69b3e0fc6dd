from dataclasses import dataclass
from uuid import UUID

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.sessions.errors import SessionNotFound
from hexaccount.sessions.sessions import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession(Command[None]):
    """End one session of an account, and all its tokens at once; does nothing if it has ended."""

    user_id: UUID
    session_id: UUID


@repeat_when_stale
def end_session(command: EndSession, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    """End a session; raises SessionNotFound, also for a session of another account."""
    with unit_of_work() as uow:
        session = Sessions(uow).find(command.session_id)
        if session is None or session.user_id != command.user_id:
            raise SessionNotFound
        session.close(clock.now())
        uow.commit()
