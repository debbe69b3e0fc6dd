from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.views import UserView
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.sessions.ports import CachedSession, CacheFill, SessionCache
from hexaccount.sessions.sessions import Sessions


@dataclass(frozen=True, slots=True)
class SessionReader:
    """Reads live sessions, from the cache if they are there, else from the store.

    The cache only ever confirms: a session that it does not have is read from the store.
    """

    unit_of_work: UnitOfWorkFactory[UnitOfWork]
    cache: SessionCache

    def find(self, user_id: UUID, session_id: UUID, now: datetime) -> CachedSession | None:
        """Return a session of this user that is live now; raises StoreUnavailable."""
        found = self.cache.find(user_id, session_id)
        if isinstance(found, CachedSession) and now < found.idle_until:
            return found
        with self.unit_of_work() as uow:
            stored = Sessions(uow).find_with_user(session_id)
        if stored is None:
            return None
        session, user = stored
        if user.id != user_id or not session.is_live(user, now):
            return None
        known = CachedSession(id=session.id, user=UserView.of(user), idle_until=session.idle_until)
        if isinstance(found, CacheFill):
            self.cache.fill(found, known)
        return known
