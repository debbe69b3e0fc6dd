from dataclasses import dataclass

from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Command
from hexaccount.kernel.pages import LONGEST_PAGE
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.sessions.end_sessions import EndSessions, end_sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAllSessions(Command[int]):
    """End the sessions of all accounts, one after the other; the answer is the number of accounts."""


def end_all_sessions(_command: EndAllSessions, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> int:
    """End sessions account by account, so that no other transaction waits for long; raises StoreUnavailable."""
    ended, last = 0, None
    while True:
        with unit_of_work() as uow:
            page = Users(uow).page(limit=LONGEST_PAGE, after=last)
        if not page:
            return ended
        for user in page:
            end_sessions(EndSessions(user_id=user.id), unit_of_work=unit_of_work, clock=clock)
        ended, last = ended + len(page), page[-1].id
