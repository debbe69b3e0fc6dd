from dataclasses import dataclass

from hexaccount.kernel.messages import Command
from hexaccount.rate_limits.network import network_of
from hexaccount.rate_limits.policies import Policy
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus
from hexaccount.rate_limits.rate_limiter import LimitKey, RateLimiter


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquirePermit(Command[RateLimitStatus | None]):
    """Count a request of a client; the answer is how they stand with the limit, None where nothing is limited."""

    policy: Policy
    client_address: str


def acquire_permit(command: AcquirePermit, *, rate_limiter: RateLimiter) -> RateLimitStatus | None:
    """Count a request; raises TooManyAttempts."""
    return rate_limiter.acquire([LimitKey(command.policy, (network_of(command.client_address),))]).limit_status
