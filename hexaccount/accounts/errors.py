from hexaccount.kernel.errors import Refusal


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


class LastAdmin(Refusal):
    """No other enabled account has the role admin, so this one cannot be disabled or erased, nor lose the role."""

    code = "last_admin"

    def __init__(self) -> None:
        super().__init__("no other enabled account has the role admin, and one has to be left")


class UnexpectedVersion(Refusal):
    """The account, or its profile, is in none of the expected versions."""

    code = "precondition_failed"

    def __init__(self) -> None:
        super().__init__("read this again and decide anew: it was changed since it was read")
