from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from hexaccount.accounts.user import User
from hexaccount.accounts.user_reference import find_by_login
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
from hexaccount.sessions.refresh_token import RefreshToken, new_refresh_token
from hexaccount.sessions.session import Session
from hexaccount.sessions.session_limit import SessionLimit
from hexaccount.sessions.sessions import Sessions


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
    with unit_of_work() as uow:
        found = find_by_login(uow, command.user_name)
    attempt = throttle.acquire(command.user_name, found, client_address=command.client_address, device=command.device)
    user, fresh_hash = _authenticate(found, normalise_password(command.password), attempt, hasher)
    session = _open_session(user, command, tokens, clock.now())
    refresh = new_refresh_token()
    _store(unit_of_work, session, refresh, user, fresh_hash, limit=tokens.limit)
    device = throttle.devices.issue(user, attempt.device_id or tokens.identifiers.new())
    issued = tokens.issue(session, refresh, at=session.opened_at)
    return replace(issued, device=device, limit_status=attempt.status_after_success)


def _authenticate(
    user: User | None, password: str, attempt: PasswordAttempt, hasher: PasswordHasher
) -> tuple[User, str | None]:
    """Return the account, and a new hash if the stored one is outdated; the work is the same for unknown accounts."""
    verification = attempt.check(partial(hasher.verify, password, user.password_hash if user else None))
    if user is None or user.disabled or not verification.matches:
        raise WrongCredentials(attempt.limit_status)
    attempt.succeeded()
    # The user is authenticated; if the hashing queue is full, the next login renews the hash.
    with suppress(HashingOverloaded):
        return user, hasher.hash(password) if verification.outdated else None
    return user, None


def _open_session(user: User, command: LogIn, tokens: SessionTokens, now: datetime) -> Session:
    return Session.open(
        session_id=tokens.identifiers.new(),
        user=user,
        client_address=command.client_address,
        user_agent=command.user_agent,
        at=now,
        lifetimes=tokens.lifetimes,
    )


def _store(
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    session: Session,
    refresh: str,
    user: User,
    fresh_hash: str | None,
    *,
    limit: SessionLimit,
) -> None:
    """Store a session, and end those beyond the limit, unless another login ends the same ones at this moment."""
    try:
        _commit(unit_of_work, session, refresh, user, fresh_hash, limit=limit)
    except StaleVersion:
        repeat_when_stale(_commit)(unit_of_work, session, refresh, user, fresh_hash)


def _commit(
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    session: Session,
    refresh: str,
    user: User,
    fresh_hash: str | None,
    *,
    limit: SessionLimit | None = None,
) -> None:
    with unit_of_work() as uow:
        if limit is not None:
            limit.make_room(uow, user, session.opened_at)
        Sessions(uow).add(session)
        Sessions(uow).put_token(RefreshToken.of(refresh, session_id=session.id, at=session.opened_at))
        if fresh_hash:
            Users(uow).get(user.id).renew_hash(user.password_hash, fresh_hash)
        uow.commit()
