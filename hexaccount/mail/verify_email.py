from dataclasses import dataclass, field

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.mail.one_time_tokens import OneTimeTokens
from hexaccount.mail.purposes import VERIFICATION

VERIFY = RateLimitPolicy("verify", RateLimit.of(30, 2, 200, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyEmail(Command[None]):
    """Prove by the token of a message that the owner of an account reads the mail of its address."""

    token: str = field(repr=False)


@repeat_when_stale
def verify_email(command: VerifyEmail, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    """Record that the address is verified; raises InvalidOneTimeToken."""
    now = clock.now()
    with unit_of_work() as uow:
        tokens = OneTimeTokens(uow)
        user = tokens.get_user(command.token, VERIFICATION, now)
        tokens.keep_newest(user.id, VERIFICATION, 0)
        user.verify_email(now)
        uow.commit()
