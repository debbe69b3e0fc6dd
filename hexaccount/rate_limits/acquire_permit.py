from dataclasses import dataclass

from hexaccount.kernel.messages import Command
from hexaccount.kernel.network import network_of
from hexaccount.kernel.rate_limit import RateLimitPolicy, RateLimitStatus
from hexaccount.rate_limits.rate_limiter import LimitKey, RateLimiter


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquirePermit(Command[RateLimitStatus | None]):
    """Count a request of a client; the answer is what is left of the limit, None where nothing is limited."""

    policy: RateLimitPolicy
    client_address: str


def acquire_permit(command: AcquirePermit, *, rate_limiter: RateLimiter) -> RateLimitStatus | None:
    """Count a request; raises TooManyAttempts."""
    return rate_limiter.acquire([LimitKey(command.policy, (network_of(command.client_address),))]).limit_status
