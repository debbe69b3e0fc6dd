from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from hexaccount.accounts.user_reference import find_by_login
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.messages import Command
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.passwords.password import normalise_password
from hexaccount.passwords.ports import HashingOverloaded, PasswordHasher
from hexaccount.sessions.issued_tokens import IssuedTokens, issue_tokens
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.ports import TokenIssuer
from hexaccount.sessions.refresh_token import RefreshToken, new_refresh_token
from hexaccount.sessions.session import Session
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn(Command[IssuedTokens]):
    """Open a session by user name, or e-mail address, and password.

    It carries the text as it came: a name that cannot exist gets the answer of a wrong one, after the same work.
    `device` is what an earlier login on this device has given; one that is not valid is the same as none.
    """

    user_name: str
    password: str = field(repr=False)
    client_address: str = ""
    user_agent: str = ""
    device: str | None = field(default=None, repr=False)


def log_in(
    command: LogIn,
    *,
    unit_of_work: UnitOfWorkFactory,
    hasher: PasswordHasher,
    tokens: TokenIssuer,
    clock: Clock,
    identifiers: Identifiers,
    throttle: LoginThrottle,
    lifetimes: Lifetimes,
) -> IssuedTokens:
    """Open a session; raises WrongCredentials, TooManyAttempts or HashingOverloaded."""
    with unit_of_work() as uow:
        user = find_by_login(uow, command.user_name)
    attempt = throttle.acquire(command.user_name, user, client_address=command.client_address, device=command.device)
    password = normalise_password(command.password)
    verification = attempt.check(partial(hasher.verify, password, user.password_hash if user else None))
    if user is None or user.disabled or not verification.matches:
        raise WrongCredentials(attempt.limit_status)
    attempt.succeeded()
    fresh_hash = _hash_again(hasher, password) if verification.outdated else None
    session = Session.open(
        session_id=identifiers.new(),
        user=user,
        client_address=command.client_address,
        user_agent=command.user_agent,
        at=clock.now(),
        lifetimes=lifetimes,
    )
    refresh = new_refresh_token()
    with unit_of_work() as uow:
        uow.sessions.add(session)
        uow.sessions.put_token(RefreshToken.of(refresh, session_id=session.id, at=session.opened_at))
        if fresh_hash:
            uow.users.replace_hash(user.id, old=user.password_hash, new=fresh_hash)
        uow.commit()
    access = issue_tokens(
        session, refresh, tokens=tokens, identifiers=identifiers, lifetimes=lifetimes, at=session.opened_at
    )
    device = throttle.devices.issue(user, attempt.device_id or identifiers.new())
    return replace(access, device=device, limit_status=attempt.limit_status)


def _hash_again(hasher: PasswordHasher, password: str) -> str | None:
    # The person is who they say; a full hashing queue puts the upgrade off until their next login.
    with suppress(HashingOverloaded):
        return hasher.hash(password)
    return None
