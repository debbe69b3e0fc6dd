from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.user import User
from hexaccount.kernel.errors import InvalidInput
from hexaccount.passwords.own_names import is_own_name
from hexaccount.passwords.password import Password
from hexaccount.passwords.ports import CommonPasswords


def refuse_weak_password(
    password: Password,
    *,
    user_name: UserName,
    email: EmailAddress,
    first_name: PersonName,
    last_name: PersonName,
    common: CommonPasswords,
    field: str = "password",
) -> None:
    """Raise InvalidInput of this field if a password is one of the first that an attacker would guess.

    Call it wherever a password is set, before hashing (NIST SP 800-63B-4, 3.1.1.2).
    """
    reason = None
    if common.contains(password.text):
        reason = "is one of the most common passwords"
    elif is_own_name(password, user_name=user_name, email=email, first_name=first_name, last_name=last_name):
        reason = "is made of the account's own names or address"
    if reason:
        raise InvalidInput({field: f"{reason}; choose one that is hard to guess"})


def refuse_weak_password_of(
    user: User, password: Password, *, common: CommonPasswords, field: str = "password"
) -> None:
    """Raise InvalidInput of this field if a new password for an account is weak."""
    refuse_weak_password(
        password,
        user_name=user.name,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        common=common,
        field=field,
    )
