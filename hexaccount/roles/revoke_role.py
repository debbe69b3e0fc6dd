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
class RevokeRole(Command[None]):
    """Revoke a role from an account, effective from its next request; the settings need not define it any more."""

    user_id: UUID
    role: Role


@repeat_when_stale
def revoke_role(
    command: RevokeRole, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock, roles: RoleRegistry
) -> None:
    """Revoke a role.

    Raises UserNotFound, LastAdmin, and UnknownRole if the account lacks the role and the settings do not define it.
    """
    with unit_of_work() as uow:
        user = Users(uow).get(command.user_id)
        if command.role not in user.roles:
            roles.check(command.role)
        if command.role == Role.ADMIN:
            Admins(uow).leave(user)
        user.revoke(command.role, clock.now())
        uow.commit()
