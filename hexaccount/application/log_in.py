from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from hexaccount.application.access import Access, grant_access
from hexaccount.application.login_guard import LoginGuard
from hexaccount.application.messages import Command
from hexaccount.application.ports.clock import Clock
from hexaccount.application.ports.identifiers import Identifiers
from hexaccount.application.ports.password_hasher import HashingOverloaded, PasswordHasher
from hexaccount.application.ports.token_issuer import TokenIssuer
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.user_reference import find_by_login
from hexaccount.domain.errors import WrongCredentials
from hexaccount.domain.lifetimes import Lifetimes
from hexaccount.domain.password import normalise_password
from hexaccount.domain.refresh_token import RefreshToken, new_refresh_token
from hexaccount.domain.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn(Command[Access]):
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
    guard: LoginGuard,
    lifetimes: Lifetimes,
) -> Access:
    """Open a session; raises WrongCredentials, TooManyAttempts or HashingOverloaded."""
    with unit_of_work() as uow:
        user = find_by_login(uow, command.user_name)
    guess = guard.admit(command.user_name, user, client_address=command.client_address, device=command.device)
    password = normalise_password(command.password)
    verification = guess.check(partial(hasher.verify, password, user.password_hash if user else None))
    if user is None or user.disabled or not verification.matches:
        raise WrongCredentials(guess.standing)
    guess.was_right()
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
    access = grant_access(
        session, refresh, tokens=tokens, identifiers=identifiers, lifetimes=lifetimes, at=session.opened_at
    )
    device = guard.devices.issue(user, guess.device_id or identifiers.new())
    return replace(access, device=device, standing=guess.standing)


def _hash_again(hasher: PasswordHasher, password: str) -> str | None:
    # The person is who they say; a full hashing queue puts the upgrade off until their next login.
    with suppress(HashingOverloaded):
        return hasher.hash(password)
    return None
