from dataclasses import dataclass
from uuid import UUID

from hexaccount.application.messages import Command
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.repetition import repeat_when_stale
from hexaccount.application.role_book import RoleBook
from hexaccount.domain.role import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole(Command[None]):
    """Give an account a role; it holds from its next request on."""

    user_id: UUID
    role: Role


@repeat_when_stale
def grant_role(command: GrantRole, *, unit_of_work: UnitOfWorkFactory, clock: Clock, roles: RoleBook) -> None:
    """Grant a role; raises UnknownRole or UserNotFound."""
    roles.check(command.role)
    with unit_of_work() as uow:
        user = uow.users.get(command.user_id)
        user.grant(command.role, clock.now())
        uow.commit()
