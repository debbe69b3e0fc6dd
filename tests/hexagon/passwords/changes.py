"""Changes of passwords."""

from uuid import UUID

from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.sessions.issued_tokens import IssuedTokens
from tests.people import PASSWORD

NEW = "fresh as the morning dew"


def change(service: Service, tokens: IssuedTokens, current: str = PASSWORD, new: str = NEW) -> IssuedTokens:
    """Change the password in a session, and return the tokens of the new one."""
    command = ChangePassword.of_text(session_id=tokens.session_id, current=current, new=new)
    return service.bus.handle(command)


def hash_of(service: Service, user_id: UUID) -> str:
    with service.store.unit_of_work() as uow:
        return Users(uow).get(user_id).password_hash
