from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.admins import Admins
from hexaccount.accounts.role import Role
from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.roles.role_registry import RoleRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole(Command[None]):
    """Grant a role to an account, effective from its next request."""

    user_id: UUID
    role: Role


@repeat_when_stale
def grant_role(
    command: GrantRole, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock, roles: RoleRegistry
) -> None:
    """Grant a role; raises UnknownRole or UserNotFound."""
    roles.check(command.role)
    with unit_of_work() as uow:
        user = Users(uow).get(command.user_id)
        user.grant(command.role, clock.now())
        Admins(uow).join(user)
        uow.commit()
