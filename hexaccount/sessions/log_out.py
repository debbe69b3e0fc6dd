from dataclasses import dataclass
from uuid import UUID

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.sessions.sessions import Sessions

# Of an account that ends sessions one by one, its own or as an admin those of others. There is room for any number that
# people end: an end that was refused would leave a session open.
LOGOUT = RateLimitPolicy("logout", RateLimit.of(600, 0.05, 20_000, 0.2))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOut(Command[None]):
    """End a session, and all its tokens at once; does nothing if it has ended."""

    session_id: UUID


@repeat_when_stale
def log_out(command: LogOut, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> None:
    with unit_of_work() as uow:
        session = Sessions(uow).find(command.session_id)
        if session is not None:
            session.close(clock.now())
            uow.commit()
