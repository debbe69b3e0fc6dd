from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Self
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.field_checks import FieldChecks
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.passwords.errors import WrongPassword
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.passwords.password import Password, normalise_password
from hexaccount.passwords.password_policy import PasswordPolicy
from hexaccount.passwords.ports import PasswordHasher
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword(Command[str]):
    """Change the password of the account behind a session; this session is kept, all others end.

    The answer is a new device token for the next login, since the change makes the earlier one invalid.
    """

    session_id: UUID
    current: str = field(repr=False)
    new: Password = field(repr=False)

    @classmethod
    def of_text(cls, *, session_id: UUID, current: str, new: str) -> Self:
        """Build the command from text; raises InvalidInput."""
        checks = FieldChecks()
        password = checks.parse("new_password", Password, new)
        checks.finish()
        return cls(session_id=session_id, current=current, new=password)


def change_password(
    command: ChangePassword,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    hasher: PasswordHasher,
    policy: PasswordPolicy,
    clock: Clock,
    identifiers: Identifiers,
    throttle: LoginThrottle,
) -> str:
    """Change a password and return a device token.

    Raises NotAuthenticated, TooManyAttempts, WrongPassword, InvalidInput of a weak password, or HashingOverloaded.
    """
    with unit_of_work() as uow:
        _, user = _live(uow, command.session_id, clock.now())
    attempt = throttle.reauthenticate(command.session_id)
    current = normalise_password(command.current)
    if not attempt.check(partial(hasher.verify, current, user.password_hash)).matches:
        raise WrongPassword(attempt.limit_status)
    attempt.succeeded()
    policy.check_of(user, command.new, field="new_password")
    new_hash = hasher.hash(command.new.text)
    changed = _store(command.session_id, user, new_hash, unit_of_work=unit_of_work, clock=clock)
    return throttle.devices.issue(changed, identifiers.new())


@repeat_when_stale
def _store(
    session_id: UUID,
    verified: User,
    new_hash: str,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    clock: Clock,
) -> User:
    now = clock.now()
    with unit_of_work() as uow:
        session, user = _live(uow, session_id, now)
        # Both differ only if this very session has changed the password meanwhile. One alone differs after a login that
        # has renewed the hash, or after other sessions were ended.
        if user.epoch != verified.epoch and user.password_hash != verified.password_hash:
            raise WrongPassword
        user.change_password(new_hash, now)
        session.keep(user, now)
        uow.commit()
    return user


def _live(uow: UnitOfWork, session_id: UUID, now: datetime) -> tuple[Session, User]:
    found = Sessions(uow).find_with_user(session_id)
    if found is None or not found[0].is_live(found[1], now):
        raise NotAuthenticated
    return found
