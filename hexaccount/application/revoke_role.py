from dataclasses import dataclass
from uuid import UUID

from hexaccount.application.messages import Command
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.repetition import repeat_when_stale
from hexaccount.domain.role import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRole(Command[None]):
    """Take a role from an account; it holds from its next request on."""

    user_id: UUID
    role: Role


@repeat_when_stale
def revoke_role(command: RevokeRole, *, unit_of_work: UnitOfWorkFactory, clock: Clock) -> None:
    """Revoke a role; raises UserNotFound."""
    with unit_of_work() as uow:
        user = uow.users.get(command.user_id)
        user.revoke(command.role, clock.now())
        uow.commit()
