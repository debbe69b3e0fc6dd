from hexaccount.kernel.errors import Refusal


class InvalidOneTimeToken(Refusal):
    """The one-time token is not valid, or not any more."""

    code = "invalid_one_time_token"

    def __init__(self) -> None:
        super().__init__("ask for a new message: the token is invalid, expired, used, or of an earlier address")


class MailNotConfigured(Refusal):
    """The service sends no mail."""

    code = "mail_not_configured"

    def __init__(self) -> None:
        super().__init__("this service sends no mail; its operator has to set mail.url")
