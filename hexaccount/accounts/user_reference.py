"""How an account is named: by id, user name or e-mail address, none of which can be taken for another."""

from collections.abc import Callable
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.names import UserName, is_uuid
from hexaccount.accounts.user import User
from hexaccount.kernel.errors import InvalidValue
from hexaccount.store_kit.unit_of_work import UnitOfWork


def find_by_login(uow: UnitOfWork, text: str) -> User | None:
    """Return the account that logs in as `text`; what cannot be a name is looked up all the same, in vain."""
    if "@" in text:
        return uow.users.find_by_email(_key(EmailAddress, text))
    return uow.users.find_by_name(_key(UserName, text))


def get_by_reference(uow: UnitOfWork, text: str) -> User:
    """Return the account with this id, user name or e-mail address; raises UserNotFound."""
    if is_uuid(text):
        return uow.users.get(UUID(text))
    user = find_by_login(uow, text)
    if user is None:
        raise UserNotFound
    return user


def login_key(text: str) -> str:
    """Return what all spellings of a user name or e-mail address have in common; what can be none stays as it is."""
    return _key(EmailAddress if "@" in text else UserName, text) or text


def _key(make: Callable[[str], UserName | EmailAddress], text: str) -> str:
    try:
        return make(text).key
    except InvalidValue:
        return ""  # no account has the empty key
