from uuid import UUID

from flask import Blueprint, Response, request

from hexaccount.application.bus import Bus
from hexaccount.application.end_session import EndSession
from hexaccount.application.end_sessions import EndSessions
from hexaccount.application.list_sessions import ListSessions
from hexaccount.domain.permission import Permission
from hexaccount_flask.answers import answer, empty_answer
from hexaccount_flask.authentication import authenticated, authorized
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import ListAnswer, Page, SessionModel
from hexaccount_flask.query import cursor_of, page_limit, page_start, session_id_in, user_id_in


def sessions_routes(bus: Bus) -> Blueprint:
    """Return the routes by which people, and admins for them, see where they are logged in, and end it."""
    routes = Blueprint("sessions", __name__, url_prefix="/api/v1")

    @routes.get("/me/sessions")
    @runs_in("quick")
    def my_sessions() -> Response:
        caller = authenticated(bus)
        return _page(bus, caller.user.id, current=caller.session_id)

    @routes.delete("/me/sessions")
    @runs_in("quick")
    def end_my_other_sessions() -> Response:
        caller = authenticated(bus)
        bus.handle(EndSessions(user_id=caller.user.id, keep=caller.session_id))
        return empty_answer(204)

    @routes.delete("/me/sessions/<session_id>")
    @runs_in("quick")
    def end_my_session(session_id: str) -> Response:
        caller = authenticated(bus)
        bus.handle(EndSession(user_id=caller.user.id, session_id=session_id_in(session_id)))
        return empty_answer(204)

    @routes.get("/users/<user_id>/sessions")
    @runs_in("quick")
    def sessions_of_user(user_id: str) -> Response:
        caller = authorized(bus, Permission.READ_SESSIONS)
        return _page(bus, user_id_in(user_id), current=caller.session_id)

    @routes.delete("/users/<user_id>/sessions")
    @runs_in("quick")
    def end_sessions_of_user(user_id: str) -> Response:
        authorized(bus, Permission.END_SESSIONS)
        bus.handle(EndSessions(user_id=user_id_in(user_id)))
        return empty_answer(204)

    @routes.delete("/users/<user_id>/sessions/<session_id>")
    @runs_in("quick")
    def end_session_of_user(user_id: str, session_id: str) -> Response:
        authorized(bus, Permission.END_SESSIONS)
        bus.handle(EndSession(user_id=user_id_in(user_id), session_id=session_id_in(session_id)))
        return empty_answer(204)

    return routes


def _page(bus: Bus, user_id: UUID, *, current: UUID) -> Response:
    page = bus.handle(ListSessions(user_id=user_id, limit=page_limit(request), after=page_start(request)))
    models = [SessionModel.of(session, current=session.id == current) for session in page.sessions]
    return answer(ListAnswer(models, Page(cursor_of(page.next))))
