"""What the domain refuses, each refusal named after its fact and carrying what its catcher may need."""

from collections.abc import Iterable

from hexaccount.domain.standing import Standing


class Refusal(Exception):
    """A request that a rule of the domain turns down; `code` is stable and safe to show."""

    code = "refused"


class InvalidValue(Refusal):
    """A text that cannot become the value it was meant to be."""

    code = "invalid_value"

    def __init__(self, reason: str) -> None:
        """Take a sentence that says what is wrong and what would be right; it never repeats the text itself."""
        super().__init__(reason)
        self.reason = reason


class InvalidInput(Refusal):
    """One or more named fields that are not valid."""

    code = "invalid_input"

    def __init__(self, errors: dict[str, str]) -> None:
        """Take the reason of each refused field by the field's name."""
        super().__init__("; ".join(f"{field}: {reason}" for field, reason in errors.items()))
        self.errors = errors


class UserNameTaken(Refusal):
    """Another account has this user name, in this or an equal spelling."""

    code = "user_name_taken"
    field = "user_name"

    def __init__(self) -> None:
        super().__init__("this user name is taken; choose another")


class EmailTaken(Refusal):
    """Another account has this e-mail address, in this or an equal spelling."""

    code = "email_taken"
    field = "email"

    def __init__(self) -> None:
        super().__init__("this e-mail address belongs to an account already; log in or use another")


class UserNotFound(Refusal):
    """No account has this id, user name or e-mail address."""

    code = "user_not_found"

    def __init__(self) -> None:
        super().__init__("there is no such user")


class WrongCredentials(Refusal):
    """No account may log in with this name and this password; which of the two is wrong is not told."""

    code = "wrong_credentials"

    def __init__(self, standing: Standing | None = None) -> None:
        """Take how whoever tried stands with the limit on guesses, where there is one."""
        super().__init__("the user name or the password is wrong")
        self.standing = standing


class TooManyAttempts(Refusal):
    """Somebody has tried so often that they have to wait; it says nothing of what they tried."""

    code = "too_many_attempts"

    def __init__(self, standing: Standing) -> None:
        """Take the limit that is used up."""
        super().__init__(f"too many attempts; wait {standing.wait} seconds and try again")
        self.standing = standing


class WrongPassword(Refusal):
    """Somebody who is logged in does not know the password that they want to change."""

    code = "wrong_password"
    field = "current_password"

    def __init__(self) -> None:
        super().__init__("is not the password of this account")


class SessionNotFound(Refusal):
    """The account has no such session."""

    code = "session_not_found"

    def __init__(self) -> None:
        super().__init__("there is no such session")


class UnknownRole(Refusal):
    """A role that the settings do not know."""

    code = "unknown_role"

    def __init__(self, known: Iterable[str]) -> None:
        """Take the names of the roles there are."""
        super().__init__(f"there is no such role; there are {', '.join(known)}")


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
