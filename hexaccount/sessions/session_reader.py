from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.views import UserView
from hexaccount.sessions.ports import CachedSession, CacheFill, SessionCache
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SessionReader:
    """The live sessions, from the cache where it knows them, else from the store.

    A cache only ever says yes: what it does not know to be live is looked up.
    """

    unit_of_work: UnitOfWorkFactory
    cache: SessionCache

    def find(self, user_id: UUID, session_id: UUID, now: datetime) -> CachedSession | None:
        """Return a session of this user that is live now; raises StoreUnavailable."""
        found = self.cache.find(user_id, session_id)
        if isinstance(found, CachedSession) and now < found.idle_until:
            return found
        with self.unit_of_work() as uow:
            stored = uow.sessions.find_with_user(session_id)
        if stored is None:
            return None
        session, user = stored
        if user.id != user_id or not session.is_live(user, now):
            return None
        known = CachedSession(id=session.id, user=UserView.of(user), idle_until=session.idle_until)
        if isinstance(found, CacheFill):
            self.cache.keep(found, known)
        return known
