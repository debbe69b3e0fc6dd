from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Self
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.field_checks import FieldChecks
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.passwords.errors import WrongPassword
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.passwords.password import Password, normalise_password
from hexaccount.passwords.password_policy import PasswordPolicy
from hexaccount.passwords.ports import PasswordHasher
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens, SessionTokens
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword(Command[IssuedTokens]):
    """Change the password of the account behind a session, and end all its sessions.

    The answer is a new session for this client, with new tokens and a device token: a copy of the earlier ones is worth
    nothing.
    """

    session_id: UUID
    current: str = field(repr=False)
    new: Password = field(repr=False)
    client_address: str = ""
    user_agent: str = ""

    @classmethod
    def of_text(
        cls, *, session_id: UUID, current: str, new: str, client_address: str = "", user_agent: str = ""
    ) -> Self:
        """Build the command from text; raises InvalidInput."""
        checks = FieldChecks()
        password = checks.parse("new_password", Password, new)
        checks.finish()
        return cls(
            session_id=session_id, current=current, new=password, client_address=client_address, user_agent=user_agent
        )


def change_password(
    command: ChangePassword,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    hasher: PasswordHasher,
    policy: PasswordPolicy,
    clock: Clock,
    tokens: SessionTokens,
    throttle: LoginThrottle,
) -> IssuedTokens:
    """Change a password and open a new session.

    Raises NotAuthenticated, TooManyAttempts, WrongPassword, InvalidInput of a weak password, or HashingOverloaded.
    """
    with unit_of_work() as uow:
        user = _user_of_live(uow, command.session_id, clock.now())
    attempt = throttle.reauthenticate(user, command.session_id)
    current = normalise_password(command.current)
    if not attempt.check(partial(hasher.verify, current, user.password_hash)).matches:
        raise WrongPassword(attempt.limit_status)
    attempt.succeeded()
    policy.check_of(user, command.new, field="new_password")
    new_hash = hasher.hash(command.new.text)
    changed, session, refresh = _store(command, new_hash, unit_of_work=unit_of_work, clock=clock, tokens=tokens)
    device = throttle.devices.issue(changed, tokens.identifiers.new())
    return replace(tokens.issue(session, changed, refresh, at=session.opened_at), device=device)


@repeat_when_stale
def _store(
    command: ChangePassword,
    new_hash: str,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    clock: Clock,
    tokens: SessionTokens,
) -> tuple[User, Session, str]:
    now = clock.now()
    with unit_of_work() as uow:
        user = _user_of_live(uow, command.session_id, now)  # whose password has not been changed meanwhile
        user.change_password(new_hash, now)
        session, refresh = tokens.open_session(
            uow, user, client_address=command.client_address, user_agent=command.user_agent, at=now
        )
        uow.commit()
    return user, session, refresh


def _user_of_live(uow: UnitOfWork, session_id: UUID, now: datetime) -> User:
    found = Sessions(uow).find_with_user(session_id)
    if found is None or not found[0].is_live(found[1], now):
        raise NotAuthenticated
    return found[1]
