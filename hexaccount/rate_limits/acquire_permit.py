from dataclasses import dataclass
from uuid import UUID

from hexaccount.kernel.messages import Command
from hexaccount.kernel.network import network_of
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy, RateLimitStatus
from hexaccount.rate_limits.rate_limiter import LimitKey, RateLimiter

# Of an account, for each route with a token that writes and declares no other policy. What is written may stay for
# ever: this admits 500 writes on the first day, and 288 on each later one.
WRITES = RateLimitPolicy("writes", RateLimit.of(30, 2, 200, 300))


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquirePermit(Command[RateLimitStatus | None]):
    """Count a request, of an account if one is given, otherwise of the client's network.

    The answer is what is left of the limit, None where nothing is limited.
    """

    policy: RateLimitPolicy
    client_address: str = ""
    user_id: UUID | None = None


def acquire_permit(command: AcquirePermit, *, rate_limiter: RateLimiter) -> RateLimitStatus | None:
    """Count a request; raises TooManyAttempts."""
    subject = network_of(command.client_address) if command.user_id is None else command.user_id.hex
    return rate_limiter.acquire([LimitKey(command.policy, (subject,))]).limit_status
