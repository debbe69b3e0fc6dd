from dataclasses import dataclass, field
from typing import Self

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.field_checks import FieldChecks
from hexaccount.kernel.messages import Command
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.mail.one_time_tokens import OneTimeTokens
from hexaccount.mail.purposes import RECOVERY
from hexaccount.passwords.password import Password
from hexaccount.passwords.password_policy import PasswordPolicy
from hexaccount.passwords.ports import PasswordHasher

COMPLETE_RECOVERY = RateLimitPolicy("recovery-complete", RateLimit.of(20, 6, 200, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteRecovery(Command[None]):
    """Choose a new password by the token of a message, which proves the address, and end all sessions."""

    token: str = field(repr=False)
    password: Password = field(repr=False)

    @classmethod
    def of_text(cls, *, token: str, password: str) -> Self:
        """Build the command from text; raises InvalidInput."""
        checks = FieldChecks()
        checked = checks.parse("password", Password, password)
        checks.finish()
        return cls(token=token, password=checked)


def complete_recovery(
    command: CompleteRecovery,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    hasher: PasswordHasher,
    policy: PasswordPolicy,
    clock: Clock,
) -> None:
    """Set the password; raises InvalidOneTimeToken, InvalidInput of a weak password, or HashingOverloaded."""
    with unit_of_work() as uow:
        user = OneTimeTokens(uow).get_user(command.token, RECOVERY, clock.now())
    policy.check_of(user, command.password)
    _store(command.token, hasher.hash(command.password.text), unit_of_work=unit_of_work, clock=clock)


@repeat_when_stale
def _store(token: str, new_hash: str, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    now = clock.now()
    with unit_of_work() as uow:
        tokens = OneTimeTokens(uow)
        user = tokens.get_user(token, RECOVERY, now)  # of several uses at once, one finds it still there
        tokens.keep_newest(user.id, RECOVERY, 0)
        user.verify_email(now)
        user.change_password(new_hash, now)
        uow.commit()
