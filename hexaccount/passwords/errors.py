from hexaccount.kernel.errors import Refusal
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus


class WrongCredentials(Refusal):
    """No account may log in with this name and this password; which of the two is wrong is not told."""

    code = "wrong_credentials"

    def __init__(self, limit_status: RateLimitStatus | None = None) -> None:
        """Take how whoever tried stands with the limit on guesses, where there is one."""
        super().__init__("the user name or the password is wrong")
        self.limit_status = limit_status


class WrongPassword(Refusal):
    """Somebody who is logged in does not know the password that they want to change."""

    code = "wrong_password"
    field = "current_password"

    def __init__(self) -> None:
        super().__init__("is not the password of this account")
