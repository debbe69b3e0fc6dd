from hexaccount.kernel.errors import Refusal
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus


class TooManyAttempts(Refusal):
    """Somebody has tried so often that they have to wait; it says nothing of what they tried."""

    code = "too_many_attempts"

    def __init__(self, limit_status: RateLimitStatus) -> None:
        """Take the limit that is used up."""
        super().__init__(f"too many attempts; wait {limit_status.wait} seconds and try again")
        self.limit_status = limit_status
