from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import StaleVersion, UnitOfWork, UnitOfWorkFactory
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.login_throttle import LoginThrottle, PasswordAttempt
from hexaccount.passwords.password import normalise_password
from hexaccount.passwords.ports import HashingOverloaded, PasswordHasher
from hexaccount.sessions.issued_tokens import IssuedTokens, SessionTokens
from hexaccount.sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn(Command[IssuedTokens]):
    """Open a session by user name or e-mail address, and password; beyond their maximum, end the least recently used.

    It carries raw text: an impossible name gets the answer of a wrong one, after the same work. `device` is the device
    token of an earlier login on this device; an invalid one is ignored.
    """

    user_name: str
    password: str = field(repr=False)
    client_address: str = ""
    user_agent: str = ""
    device: str | None = field(default=None, repr=False)


def log_in(
    command: LogIn,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    hasher: PasswordHasher,
    tokens: SessionTokens,
    clock: Clock,
    throttle: LoginThrottle,
) -> IssuedTokens:
    """Open a session; raises WrongCredentials, TooManyAttempts or HashingOverloaded."""
    attempt = throttle.acquire(command.user_name, client_address=command.client_address, device=command.device)
    user, fresh_hash = _authenticate(attempt, normalise_password(command.password), hasher)
    now = clock.now()
    session, refresh = _open_session(command, user, fresh_hash, unit_of_work=unit_of_work, tokens=tokens, now=now)
    device = throttle.devices.issue(user, attempt.device_id or tokens.identifiers.new())
    issued = tokens.issue(session, user, refresh, at=now)
    return replace(issued, device=device, limit_status=attempt.status_after_success)


def _authenticate(attempt: PasswordAttempt, password: str, hasher: PasswordHasher) -> tuple[User, str | None]:
    """Return the account, and a new hash if the stored one is outdated; the work is the same for unknown accounts."""
    user = attempt.user
    verification = attempt.check(partial(hasher.verify, password, user.password_hash if user else None))
    if user is None or user.disabled or not verification.matches:
        raise WrongCredentials(attempt.limit_status)
    attempt.succeeded()
    # The user is authenticated; if the hashing queue is full, the next login renews the hash.
    with suppress(HashingOverloaded):
        return user, hasher.hash(password) if verification.outdated else None
    return user, None


def _open_session(
    command: LogIn,
    user: User,
    fresh_hash: str | None,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    tokens: SessionTokens,
    now: datetime,
) -> tuple[Session, str]:
    """Open a session, and end those beyond the limit, unless another login ends the same ones at this moment."""

    def store(*, makes_room: bool = False) -> tuple[Session, str]:
        with unit_of_work() as uow:
            if makes_room:
                tokens.limit.make_room(uow, user, now)
            opened = tokens.open_session(
                uow, user, client_address=command.client_address, user_agent=command.user_agent, at=now
            )
            if fresh_hash:
                Users(uow).get(user.id).renew_hash(user.password_hash, fresh_hash)
            uow.commit()
        return opened

    try:
        return store(makes_room=True)
    except StaleVersion:
        return repeat_when_stale(store)()
