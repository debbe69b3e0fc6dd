from hexaccount.application.ports.common_passwords import CommonPasswords
from hexaccount.domain.email_address import EmailAddress
from hexaccount.domain.errors import InvalidInput
from hexaccount.domain.names import PersonName, UserName
from hexaccount.domain.own_names import is_own_name
from hexaccount.domain.password import Password


def refuse_weak_password(
    password: Password,
    *,
    user_name: UserName,
    email: EmailAddress,
    first_name: PersonName,
    last_name: PersonName,
    common: CommonPasswords,
) -> None:
    """Raise InvalidInput of the field `password` if it is among the first that somebody would guess.

    To be called wherever a password is set, before it is hashed (NIST SP 800-63B-4, 3.1.1.2).
    """
    if common.contains(password.text):
        _refuse("is one of the most common passwords")
    if is_own_name(password, user_name=user_name, email=email, first_name=first_name, last_name=last_name):
        _refuse("is made of the account's own names or address")


def _refuse(reason: str) -> None:
    raise InvalidInput({"password": f"{reason}; choose one that nobody would guess"})
