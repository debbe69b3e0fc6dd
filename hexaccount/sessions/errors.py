from hexaccount.kernel.errors import Refusal


class SessionNotFound(Refusal):
    """The account has no such session."""

    code = "session_not_found"

    def __init__(self) -> None:
        super().__init__("there is no such session")


class InvalidRefreshToken(Refusal):
    """The refresh token is not the newest one of a live session."""

    code = "invalid_refresh_token"

    def __init__(self) -> None:
        super().__init__("log in again: the refresh token is invalid, expired, used or revoked")


class NotAuthenticated(Refusal):
    """The access token is not that of a live session."""

    code = "invalid_token"

    def __init__(self, reason: str = "log in again: the access token is invalid, expired or revoked") -> None:
        super().__init__(reason)
