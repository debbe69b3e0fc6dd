from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.user_reference import find_by_login
from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.messages import Command
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.mail.mail_policy import MailPolicy
from hexaccount.mail.one_time_tokens import OneTimeTokens
from hexaccount.mail.purposes import RECOVERY

# Of a network; how many messages an account gets is limited where they are sent, which no client can see.
REQUEST_RECOVERY = RateLimitPolicy("recovery", RateLimit.of(20, 6, 200, 60))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecovery(Command[None]):
    """Ask for a message by which the owner of an account can choose a new password.

    `login` is raw text, a user name or an e-mail address. Where no account has it, the work is the same.
    """

    login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRecovery(Command[None]):
    """Have the message sent to the owner of an account, on behalf of an admin."""

    user_id: UUID


def request_recovery(
    command: RequestRecovery,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    policy: MailPolicy,
    identifiers: Identifiers,
    clock: Clock,
) -> None:
    """Record the request, of an account that does not exist if there is none; raises MailNotConfigured."""
    policy.check()
    with unit_of_work() as uow:
        user = find_by_login(uow, command.login)
        user_id = user.id if user else identifiers.new()
        OneTimeTokens(uow).add(policy.request(RECOVERY, token_id=identifiers.new(), user_id=user_id, at=clock.now()))
        uow.commit()


def start_recovery(
    command: StartRecovery,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    policy: MailPolicy,
    identifiers: Identifiers,
    clock: Clock,
) -> None:
    """Record the request; raises UserNotFound or MailNotConfigured."""
    policy.check()
    with unit_of_work() as uow:
        user = Users(uow).get(command.user_id)
        OneTimeTokens(uow).add(policy.request(RECOVERY, token_id=identifiers.new(), user_id=user.id, at=clock.now()))
        uow.commit()
