from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.field_checks import FieldChecks
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.passwords.password import Password
from hexaccount.passwords.password_policy import PasswordPolicy
from hexaccount.passwords.ports import PasswordHasher


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPassword(Command[None]):
    """Set the password of an account without the current one, and end all its sessions."""

    user_id: UUID
    password: Password = field(repr=False)

    @classmethod
    def of_text(cls, *, user_id: UUID, password: str) -> Self:
        """Build the command from text; raises InvalidInput."""
        checks = FieldChecks()
        checked = checks.parse("password", Password, password)
        checks.finish()
        return cls(user_id=user_id, password=checked)


def set_password(
    command: SetPassword,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    hasher: PasswordHasher,
    policy: PasswordPolicy,
    clock: Clock,
) -> None:
    """Set a password; raises UserNotFound, InvalidInput of a weak password, or HashingOverloaded."""
    with unit_of_work() as uow:
        user = Users(uow).get(command.user_id)
    policy.check_of(user, command.password)
    _store(command.user_id, hasher.hash(command.password.text), unit_of_work=unit_of_work, clock=clock)


@repeat_when_stale
def _store(user_id: UUID, new_hash: str, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    with unit_of_work() as uow:
        user = Users(uow).get(user_id)
        user.change_password(new_hash, clock.now())
        uow.commit()
