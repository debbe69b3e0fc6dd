from dataclasses import dataclass, field
from datetime import datetime

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.sessions.errors import InvalidRefreshToken
from hexaccount.sessions.issued_tokens import IssuedTokens, issue_tokens
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.ports import TokenIssuer
from hexaccount.sessions.refresh_token import RefreshToken, digest_of
from hexaccount.store_kit.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSession(Command[IssuedTokens]):
    """Give a refresh token away for new access; the answer brings the token that follows it.

    The same token again within the grace gives the same successor, so that two tabs may use it at once. After that it
    is a copy in wrong hands, and ends the session for whoever has it.
    """

    refresh: str = field(repr=False)


@repeat_when_stale
def refresh_session(
    command: RefreshSession,
    *,
    unit_of_work: UnitOfWorkFactory,
    tokens: TokenIssuer,
    clock: Clock,
    identifiers: Identifiers,
    lifetimes: Lifetimes,
) -> IssuedTokens:
    """Go on with a session; raises InvalidRefreshToken."""
    now = clock.now()
    with unit_of_work() as uow:
        found = uow.sessions.find_by_token(digest_of(command.refresh))
        if found is None or not found[1].is_live(found[2], now):
            raise InvalidRefreshToken
        token, session, _ = found
        if token.spent_at is None:
            token = _rotate(uow, token, command.refresh, now)
            session.refresh(now, lifetimes)
        elif not token.may_be_repeated(now, lifetimes.grace):
            session.close_for_reuse(now)
        uow.commit()
    if session.closed_at is not None:
        raise InvalidRefreshToken
    successor = token.successor_of(command.refresh)
    return issue_tokens(session, successor, tokens=tokens, identifiers=identifiers, lifetimes=lifetimes, at=now)


def _rotate(uow: UnitOfWork, token: RefreshToken, text: str, now: datetime) -> RefreshToken:
    """Spend a token for its successor; of those who do so at once the commit lets one."""
    spent, successor = token.rotate(text, now)
    uow.sessions.put_token(spent)
    uow.sessions.put_token(successor)
    return spent
