from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.role import Role
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole(Command[None]):
    """Give an account a role; it holds from its next request on."""

    user_id: UUID
    role: Role


@repeat_when_stale
def grant_role(command: GrantRole, *, unit_of_work: UnitOfWorkFactory, clock: Clock, roles: RoleRegistry) -> None:
    """Grant a role; raises UnknownRole or UserNotFound."""
    roles.check(command.role)
    with unit_of_work() as uow:
        user = uow.users.get(command.user_id)
        user.grant(command.role, clock.now())
        uow.commit()
