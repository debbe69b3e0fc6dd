from dataclasses import dataclass
from uuid import UUID

from hexaccount.application.messages import Command
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.repetition import repeat_when_stale


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableUser(Command[None]):
    """Lock an account and end all its sessions."""

    user_id: UUID


@repeat_when_stale
def disable_user(command: DisableUser, *, unit_of_work: UnitOfWorkFactory, clock: Clock) -> None:
    """Lock an account; raises UserNotFound."""
    with unit_of_work() as uow:
        user = uow.users.get(command.user_id)
        user.disable(clock.now())
        uow.commit()
