from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.messages import Query
from hexaccount.kernel.pages import LONGEST_PAGE
from hexaccount.kernel.permission import Permission
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.sessions.sessions import Sessions
from hexaccount.sessions.views import SessionView

READ_SESSIONS = Permission("sessions.read")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPage:
    """Live sessions, newest first, and the id after which the next page begins, None on the last one."""

    sessions: Sequence[SessionView]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessions(Query[SessionPage]):
    """List up to `limit` live sessions (1 to 200) of an account that are older than `after`."""

    user_id: UUID
    limit: int = 50
    after: UUID | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LONGEST_PAGE:
            raise ValueError(f"limit must be 1 to {LONGEST_PAGE}")


def list_sessions(query: ListSessions, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], clock: Clock) -> SessionPage:
    """Return a page of sessions; raises UserNotFound."""
    with unit_of_work() as uow:
        user = Users(uow).get(query.user_id)
        found = Sessions(uow).live_of(user, now=clock.now(), limit=query.limit + 1, after=query.after)
    sessions = [SessionView.of(session) for session in found[: query.limit]]
    return SessionPage(sessions=sessions, next=sessions[-1].id if len(found) > query.limit else None)
