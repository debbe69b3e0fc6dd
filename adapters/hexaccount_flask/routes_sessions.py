from uuid import UUID

from flask import Blueprint

from hexaccount.kernel.bus import Bus
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount_flask.answers import Done, Listed
from hexaccount_flask.authentication import MayEndSessions, MayReadSessions, SignedIn
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import SessionModel
from hexaccount_flask.operation import operation
from hexaccount_flask.query import PageLimit, PageStart, SessionIdInPath, UserIdInPath, cursor_of


def sessions_routes(bus: Bus) -> Blueprint:
    """Return the routes by which people, and admins for them, see where they are logged in, and end it."""
    routes = Blueprint("sessions", __name__, url_prefix="/api/v1")

    @routes.get("/me/sessions")
    @runs_in("quick")
    @operation(bus)
    def list_my_sessions(caller: SignedIn, limit: PageLimit, after: PageStart) -> Listed[SessionModel]:
        """See where one is logged in, newest first."""
        return _page(bus, caller.user.id, limit, after, current=caller.session_id)

    @routes.delete("/me/sessions")
    @runs_in("quick")
    @operation(bus, refuses=[StaleVersion])
    def end_my_other_sessions(caller: SignedIn) -> Done:
        """End all sessions but the one that asks.

        What devices had for their next login is void.
        """
        bus.handle(EndSessions(user_id=caller.user.id, keep=caller.session_id))
        return Done()

    @routes.delete("/me/sessions/<session_id>")
    @runs_in("quick")
    @operation(bus, refuses=[StaleVersion])
    def end_my_session(caller: SignedIn, session_id: SessionIdInPath) -> Done:
        """End one session."""
        bus.handle(EndSession(user_id=caller.user.id, session_id=session_id))
        return Done()

    @routes.get("/users/<user_id>/sessions")
    @runs_in("quick")
    @operation(bus)
    def list_sessions_of_user(
        caller: MayReadSessions, user_id: UserIdInPath, limit: PageLimit, after: PageStart
    ) -> Listed[SessionModel]:
        """See where a user is logged in, newest first."""
        return _page(bus, user_id, limit, after, current=caller.session_id)

    @routes.delete("/users/<user_id>/sessions")
    @runs_in("quick")
    @operation(bus, refuses=[StaleVersion])
    def end_sessions_of_user(_: MayEndSessions, user_id: UserIdInPath) -> Done:
        """End all sessions of a user."""
        bus.handle(EndSessions(user_id=user_id))
        return Done()

    @routes.delete("/users/<user_id>/sessions/<session_id>")
    @runs_in("quick")
    @operation(bus, refuses=[StaleVersion])
    def end_session_of_user(_: MayEndSessions, user_id: UserIdInPath, session_id: SessionIdInPath) -> Done:
        """End one session of a user."""
        bus.handle(EndSession(user_id=user_id, session_id=session_id))
        return Done()

    return routes


def _page(bus: Bus, user_id: UUID, limit: int, after: UUID | None, *, current: UUID) -> Listed[SessionModel]:
    page = bus.handle(ListSessions(user_id=user_id, limit=limit, after=after))
    models = [SessionModel.of(session, current=session.id == current) for session in page.sessions]
    return Listed(models, cursor_of(page.next))
