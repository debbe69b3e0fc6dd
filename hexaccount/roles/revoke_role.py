from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.role import Role
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRole(Command[None]):
    """Take a role from an account, also one that the settings do not know any more; it holds from the next request."""

    user_id: UUID
    role: Role


@repeat_when_stale
def revoke_role(command: RevokeRole, *, unit_of_work: UnitOfWorkFactory, clock: Clock, roles: RoleRegistry) -> None:
    """Revoke a role; raises UserNotFound, and UnknownRole for what neither the account has nor the settings know."""
    with unit_of_work() as uow:
        user = uow.users.get(command.user_id)
        if command.role not in user.roles:
            roles.check(command.role)
        user.revoke(command.role, clock.now())
        uow.commit()
