from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.admins import Admins
from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableUser(Command[None]):
    """Enable a disabled account; its earlier sessions stay ended."""

    user_id: UUID


@repeat_when_stale
def enable_user(command: EnableUser, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    """Enable an account; raises UserNotFound."""
    with unit_of_work() as uow:
        user = Users(uow).get(command.user_id)
        user.enable(clock.now())
        Admins(uow).join(user)
        uow.commit()
