"""Sessions as their user and admins see and end them."""

from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.sessions.authenticate import Principal
from hexaccount.sessions.end_session import EndSession
from hexaccount.sessions.end_sessions import END_SESSIONS, EndSessions
from hexaccount.sessions.errors import SessionNotFound
from hexaccount.sessions.list_sessions import READ_SESSIONS, ListSessions
from hexaccount.sessions.log_out import LOGOUT
from hexaccount.sessions.session import Session
from hexaccount_flask.accounts import UserIdInPath
from hexaccount_flask.web.authentication import BearerToken, SignedIn
from hexaccount_flask.web.fields import Time, text
from hexaccount_flask.web.inputs import id_in_path
from hexaccount_flask.web.operations import Routes
from hexaccount_flask.web.pages import PageLimit, PageStart, cursor_of
from hexaccount_flask.web.problems import ProblemType
from hexaccount_flask.web.responses import Done, Listed, Resource

SessionId: TypeAlias = Annotated[
    UUID, Meta(description="The id of a session.", examples=["01a20436-11c8-7e0a-9d4e-b7c3a8f0d215"])
]
DeviceName: TypeAlias = Annotated[
    str, text("The client's `User-Agent`.", "Mozilla/5.0 (X11; Linux x86_64)", maxLength=Session.longest_agent)
]
LoginAddress: TypeAlias = Annotated[str, text("The address that the login came from.", "203.0.113.7")]
LastAddress: TypeAlias = Annotated[str, text("The address that the last refresh came from.", "203.0.113.80")]

SessionIdInPath: TypeAlias = Annotated[UUID, id_in_path("session_id", SessionId, SessionNotFound)]
MayReadSessions: TypeAlias = Annotated[Principal, BearerToken(READ_SESSIONS)]
MayEndSessions: TypeAlias = Annotated[Principal, BearerToken(END_SESSIONS)]

routes = Routes({SessionNotFound: ProblemType(404)})


class SessionModel(Resource, frozen=True):
    """A session."""

    id: SessionId
    device: DeviceName
    address: LoginAddress
    created_at: Time
    last_used_at: Time
    last_address: LastAddress
    idle_until: Annotated[Time, Meta(description="When it ends unless it is refreshed before.")]
    expires_at: Annotated[Time, Meta(description="When it ends in any case.")]
    current: Annotated[bool, Meta(description="Whether it is the session of this request.", examples=[True])]


@routes.add("GET", "/api/v1/me/sessions", tag="sessions")
def list_my_sessions(bus: MessageBus, principal: SignedIn, limit: PageLimit, after: PageStart) -> Listed[SessionModel]:
    """List your sessions, newest first."""
    return _page(bus, ListSessions(user_id=principal.user.id, limit=limit, after=after), current=principal.session_id)


@routes.add("DELETE", "/api/v1/me/sessions", tag="sessions", errors=[StaleVersion])
def end_my_other_sessions(bus: MessageBus, principal: SignedIn) -> Done:
    """End all your sessions but the one of this request.

    The `device` texts of all devices become invalid.
    """
    bus.handle(EndSessions(user_id=principal.user.id, keep=principal.session_id))
    return Done()


@routes.add("DELETE", "/api/v1/me/sessions/<session_id>", tag="sessions", limit=LOGOUT, errors=[StaleVersion])
def end_my_session(bus: MessageBus, principal: SignedIn, session_id: SessionIdInPath) -> Done:
    """End one of your sessions."""
    bus.handle(EndSession(user_id=principal.user.id, session_id=session_id))
    return Done()


@routes.add("GET", "/api/v1/users/<user_id>/sessions", tag="sessions")
def list_sessions_of_user(
    bus: MessageBus, principal: MayReadSessions, user_id: UserIdInPath, limit: PageLimit, after: PageStart
) -> Listed[SessionModel]:
    """List the sessions of a user, newest first."""
    return _page(bus, ListSessions(user_id=user_id, limit=limit, after=after), current=principal.session_id)


@routes.add("DELETE", "/api/v1/users/<user_id>/sessions", tag="sessions", limit=LOGOUT, errors=[StaleVersion])
def end_sessions_of_user(bus: MessageBus, _: MayEndSessions, user_id: UserIdInPath) -> Done:
    """End all sessions of a user."""
    bus.handle(EndSessions(user_id=user_id))
    return Done()


@routes.add(
    "DELETE", "/api/v1/users/<user_id>/sessions/<session_id>", tag="sessions", limit=LOGOUT, errors=[StaleVersion]
)
def end_session_of_user(bus: MessageBus, _: MayEndSessions, user_id: UserIdInPath, session_id: SessionIdInPath) -> Done:
    """End a session of a user."""
    bus.handle(EndSession(user_id=user_id, session_id=session_id))
    return Done()


def _page(bus: MessageBus, query: ListSessions, *, current: UUID) -> Listed[SessionModel]:
    page = bus.handle(query)
    models = [SessionModel.of(session, current=session.id == current) for session in page.sessions]
    return Listed(models, cursor_of(page.next))
