from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.permission import Permission
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.sessions import Sessions

END_SESSIONS = Permission("sessions.end")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessions(Command[None]):
    """End all sessions of an account at once, except the one to `keep`; a login at that moment is ended, too."""

    user_id: UUID
    keep: UUID | None = None


@repeat_when_stale
def end_sessions(command: EndSessions, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    """End sessions; raises UserNotFound, and NotAuthenticated if the session to keep has ended."""
    now = clock.now()
    with unit_of_work() as uow:
        user = Users(uow).get(command.user_id)
        kept = Sessions(uow).find(command.keep) if command.keep else None
        if command.keep and (kept is None or not kept.is_live(user, now)):
            raise NotAuthenticated
        user.end_sessions(now)
        if kept is not None:
            kept.keep(user, now)
        uow.commit()
