from hexaccount.kernel.errors import Refusal


class SessionNotFound(Refusal):
    """The account has no such session."""

    code = "session_not_found"

    def __init__(self) -> None:
        super().__init__("there is no such session")


class InvalidRefreshToken(Refusal):
    """A refresh token that is not the newest one of a live session."""

    code = "invalid_refresh_token"

    def __init__(self) -> None:
        super().__init__("the refresh token is invalid, expired, spent or revoked; log in again")


class NotAuthenticated(Refusal):
    """The access token is not that of a live session."""

    code = "invalid_token"

    def __init__(self, reason: str = "the access token is invalid, expired or revoked; log in again") -> None:
        super().__init__(reason)
