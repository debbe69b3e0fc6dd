from dataclasses import dataclass
from uuid import UUID

from hexaccount.application.messages import Command
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.repetition import repeat_when_stale
from hexaccount.application.role_book import RoleBook
from hexaccount.domain.role import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRole(Command[None]):
    """Take a role from an account, also one that the settings do not know any more; it holds from the next request."""

    user_id: UUID
    role: Role


@repeat_when_stale
def revoke_role(command: RevokeRole, *, unit_of_work: UnitOfWorkFactory, clock: Clock, roles: RoleBook) -> None:
    """Revoke a role; raises UserNotFound, and UnknownRole for what neither the account has nor the settings know."""
    with unit_of_work() as uow:
        user = uow.users.get(command.user_id)
        if command.role not in user.roles:
            roles.check(command.role)
        user.revoke(command.role, clock.now())
        uow.commit()
