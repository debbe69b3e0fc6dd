"""References to an account by id, user name or e-mail address, none of which can be taken for another."""

from collections.abc import Callable
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.names import UserName, is_uuid
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.unit_of_work import UnitOfWork


def find_by_login(uow: UnitOfWork, text: str) -> User | None:
    """Return the account with this user name or e-mail address; an impossible one costs a look-up, too.

    White space around it does not count.
    """
    if "@" in text:
        return Users(uow).find_by_email(_key(EmailAddress, text))
    return Users(uow).find_by_name(_key(UserName, text))


def get_by_reference(uow: UnitOfWork, text: str) -> User:
    """Return the account with this id, user name or e-mail address; raises UserNotFound."""
    text = text.strip()
    if is_uuid(text):
        return Users(uow).get(UUID(text))
    user = find_by_login(uow, text)
    if user is None:
        raise UserNotFound
    return user


def login_key(text: str) -> str:
    """Return the key that all spellings of a user name or e-mail address share; an impossible one stays unchanged."""
    return _key(EmailAddress if "@" in text else UserName, text) or text


def _key(make: Callable[[str], UserName | EmailAddress], text: str) -> str:
    try:
        return make(text.strip()).key
    except InvalidValue:
        return ""  # no account has the empty key
