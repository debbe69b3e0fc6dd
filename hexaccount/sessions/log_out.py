from dataclasses import dataclass, field
from uuid import UUID

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.sessions.refresh_token import digest_of
from hexaccount.sessions.sessions import Sessions

# Of an account that ends sessions one by one, its own or as an admin those of others. There is room for any number that
# people end: an end that was refused would leave a session open.
LOGOUT = RateLimitPolicy("logout", RateLimit.of(600, 0.05, 20_000, 0.2))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOut(Command[None]):
    """End the session with this id, and that of this refresh token; does nothing if they have ended, or never were.

    A refresh token that was used ends its session too: who has it could end it anyway, by using it again.
    """

    session_id: UUID | None = None
    refresh: str | None = field(default=None, repr=False)


@repeat_when_stale
def log_out(command: LogOut, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    with unit_of_work() as uow:
        sessions = Sessions(uow)
        by_id = None if command.session_id is None else sessions.find(command.session_id)
        by_token = None if command.refresh is None else sessions.find_by_token(digest_of(command.refresh))
        for session in filter(None, (by_id, by_token and by_token[1])):
            session.close(clock.now())
        uow.commit()
