from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.user import User, UserRegistered
from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.messages import Command
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.mail.mail_policy import MailPolicy
from hexaccount.mail.one_time_tokens import OneTimeTokens
from hexaccount.mail.purposes import VERIFICATION
from hexaccount.rate_limits.rate_limiter import LimitKey, RateLimiter

REQUEST_VERIFICATION = RateLimitPolicy("verification", RateLimit.of(3, 60, 10, 3600))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestVerification(Command[None]):
    """Send the message once more by which an account proves its address; nothing is sent once it has."""

    user_id: UUID


@dataclass(frozen=True, slots=True)
class VerificationRequests:
    """Asks for messages by which accounts prove their addresses."""

    policy: MailPolicy
    identifiers: Identifiers
    clock: Clock

    def add(self, uow: UnitOfWork, user: User) -> None:
        """At commit, ask for one."""
        token_id, now = self.identifiers.new(), self.clock.now()
        OneTimeTokens(uow).add(self.policy.request(VERIFICATION, token_id=token_id, user_id=user.id, at=now))


def request_verification(
    command: RequestVerification,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    requests: VerificationRequests,
    rate_limiter: RateLimiter,
) -> None:
    """Ask for the message; raises MailNotConfigured, TooManyAttempts or UserNotFound."""
    requests.policy.check()
    rate_limiter.acquire([LimitKey(REQUEST_VERIFICATION, (command.user_id.hex,))])
    with unit_of_work() as uow:
        user = Users(uow).get(command.user_id)
        if not user.email_verified:
            requests.add(uow, user)
            uow.commit()


def request_first_verification(event: UserRegistered, uow: UnitOfWork, *, requests: VerificationRequests) -> None:
    """Ask for the message to a new account."""
    user = Users(uow).find(event.user_id)
    if user is not None and not user.email_verified:
        requests.add(uow, user)
