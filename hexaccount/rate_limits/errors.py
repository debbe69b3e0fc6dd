from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.rate_limit import RateLimitStatus


class TooManyAttempts(Refusal):
    """A rate limit is used up; the error says nothing about what was attempted."""

    code = "too_many_attempts"

    def __init__(self, limit_status: RateLimitStatus) -> None:
        super().__init__(f"too many attempts; wait {limit_status.wait} seconds and try again")
        self.limit_status = limit_status
