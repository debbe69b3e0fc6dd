from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hexaccount.application.ports.session_cache import KnownSession, Lease, SessionCache
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.views import UserView


@dataclass(frozen=True, slots=True)
class KnownSessions:
    """The live sessions, from the cache where it knows them, else from the store.

    A cache only ever says yes: what it does not know to be live is looked up.
    """

    unit_of_work: UnitOfWorkFactory
    cache: SessionCache

    def find(self, user_id: UUID, session_id: UUID, now: datetime) -> KnownSession | None:
        """Return a session of this user that is live now; raises StoreUnavailable."""
        found = self.cache.find(user_id, session_id)
        if isinstance(found, KnownSession) and now < found.idle_until:
            return found
        with self.unit_of_work() as uow:
            stored = uow.sessions.find_with_user(session_id)
        if stored is None:
            return None
        session, user = stored
        if user.id != user_id or not session.is_live(user, now):
            return None
        known = KnownSession(id=session.id, user=UserView.of(user), idle_until=session.idle_until)
        if isinstance(found, Lease):
            self.cache.keep(found, known)
        return known
