from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.rate_limit import RateLimitStatus


class WrongCredentials(Refusal):
    """No account may log in with this name and this password; the error does not reveal which one is wrong."""

    code = "wrong_credentials"

    def __init__(self, limit_status: RateLimitStatus | None = None) -> None:
        super().__init__("the user name or the password is wrong")
        self.limit_status = limit_status


class WrongPassword(Refusal):
    """The current password of a logged-in user is wrong."""

    code = "wrong_password"
    field = "current_password"

    def __init__(self, limit_status: RateLimitStatus | None = None) -> None:
        super().__init__("is not the password of this account")
        self.limit_status = limit_status
