from dataclasses import dataclass
from datetime import datetime

from hexaccount.accounts.user import User
from hexaccount.kernel.unit_of_work import UnitOfWork
from hexaccount.sessions.sessions import Sessions

# So that a login of an account with thousands of sessions, left by a higher maximum, does bounded work.
_ENDED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class SessionLimit:
    """How many sessions of an account may be live.

    Logins that run at once may exceed it, by less than twice their number; the next one ends the surplus. Of several
    that choose the same sessions one ends them, and the others leave them: between two that end some, each thread can
    lose one race at most, so that at most that many sessions are opened beyond the maximum before and during it.
    """

    maximum: int

    def make_room(self, uow: UnitOfWork, user: User, now: datetime) -> None:
        """End the least recently used sessions of an account, so that one more is within the maximum.

        It reads up to 20 sessions more than the maximum, those that were opened first, in one round trip.
        """
        live = Sessions(uow).first_live_of(user, now=now, limit=self.maximum + _ENDED_AT_ONCE)
        surplus = len(live) + 1 - self.maximum
        for session in sorted(live, key=lambda session: session.last_used_at)[: max(0, surplus)]:
            session.close(now)
