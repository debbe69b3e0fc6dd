from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.admins import Admins
from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableUser(Command[None]):
    """Disable an account and end all its sessions."""

    user_id: UUID


@repeat_when_stale
def disable_user(command: DisableUser, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    """Disable an account; raises UserNotFound and LastAdmin."""
    with unit_of_work() as uow:
        user = Users(uow).get(command.user_id)
        Admins(uow).leave(user)
        user.disable(clock.now())
        uow.commit()
