from dataclasses import dataclass, field
from datetime import datetime

from hexaccount.accounts.user import User
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.rate_limits.rate_limiter import LimitKey, RateLimiter
from hexaccount.sessions.errors import InvalidRefreshToken
from hexaccount.sessions.issued_tokens import IssuedTokens, SessionTokens
from hexaccount.sessions.refresh_token import RefreshToken, digest_of
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import Sessions

# Both bound work and protect no secret, as nobody guesses 256 random bits; so they cost no access to the store.
REFRESH = RateLimitPolicy("refresh", RateLimit.of(600, 0.05, 20_000, 0.2), local=True)
# Of a session, from any address, for each new token, which is stored.
REFRESH_SESSION = RateLimitPolicy("refresh-session", RateLimit.of(60, 2, 1000, 30), local=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSession(Command[IssuedTokens]):
    """Exchange a refresh token for an access token and the next refresh token.

    The same token again within the grace, by a client that may be the one before, returns the same successor, so that
    two tabs may use it at once and a lost answer be asked for again. Otherwise the token must have been copied, and its
    use ends the session.
    """

    refresh: str = field(repr=False)
    client_address: str = ""
    user_agent: str = ""


@repeat_when_stale
def refresh_session(
    command: RefreshSession,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    tokens: SessionTokens,
    clock: Clock,
    rate_limiter: RateLimiter,
) -> IssuedTokens:
    """Continue a session; raises InvalidRefreshToken or TooManyAttempts."""
    now = clock.now()
    client = {"client_address": command.client_address, "user_agent": command.user_agent}
    with unit_of_work() as uow:
        token, session, user = _live(uow, command.refresh, now)
        if token.spent_at is None:
            rate_limiter.acquire([LimitKey(REFRESH_SESSION, (session.id.hex,))])
            token = _rotate(uow, token, command.refresh, now)
            session.refresh(now, tokens.lifetimes, **client)
        elif not (token.may_be_repeated(now, tokens.lifetimes.grace) and session.was_refreshed_by(**client)):
            session.close_for_reuse(now)
        uow.commit()
    if session.closed_at is not None:
        raise InvalidRefreshToken
    return tokens.issue(session, user, token.successor_of(command.refresh), at=now)


def _live(uow: UnitOfWork, text: str, now: datetime) -> tuple[RefreshToken, Session, User]:
    found = Sessions(uow).find_by_token(digest_of(text))
    if found is None or not found[1].is_live(found[2], now):
        raise InvalidRefreshToken
    return found


def _rotate(uow: UnitOfWork, token: RefreshToken, text: str, now: datetime) -> RefreshToken:
    """Replace a token by its successor; of concurrent attempts the commit admits one."""
    spent, successor = token.rotate(text, now)
    Sessions(uow).put_token(spent)
    Sessions(uow).put_token(successor)
    return spent
