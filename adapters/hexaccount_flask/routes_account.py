from flask import Blueprint, Response, request

from hexaccount.application.access import Access
from hexaccount.application.bus import Bus
from hexaccount.application.log_in import LogIn
from hexaccount.application.log_out import LogOut
from hexaccount.application.refresh_session import RefreshSession
from hexaccount.application.register_user import RegisterUser
from hexaccount_flask.answers import answer, empty_answer
from hexaccount_flask.authentication import authenticated
from hexaccount_flask.idempotency_key import idempotency_key
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.limits import RouteLimits, tell
from hexaccount_flask.models import (
    AccessModel,
    Answer,
    LoginRequest,
    RefreshRequest,
    RegisteredModel,
    RegisterRequest,
)
from hexaccount_flask.parsing import parse


def account_routes(bus: Bus, limits: RouteLimits) -> Blueprint:
    """Return the routes by which people come and go."""
    routes = Blueprint("account", __name__, url_prefix="/api/v1/public")

    @routes.post("/register")
    @runs_in("password")
    @limits.limited("register")
    def register() -> Response:
        body = parse(RegisterRequest, request)
        command = RegisterUser.of_text(
            user_name=body.user_name,
            email=body.email,
            first_name=body.first_name,
            last_name=body.last_name,
            password=body.password,
            avatar_identifier=body.avatar_identifier,
            idempotency_key=idempotency_key(request),
        )
        new = RegisteredModel(id=bus.handle(command))
        return answer(Answer(new), 201, (("Location", "/api/v1/me"),))

    @routes.post("/login")
    @runs_in("password")
    def login() -> Response:
        body = parse(LoginRequest, request)
        command = LogIn(
            user_name=body.user_name,
            password=body.password,
            client_address=limits.client_address(),
            user_agent=request.headers.get("User-Agent", ""),
            device=body.device,
        )
        granted = bus.handle(command)
        tell(granted.standing)
        return _answer_access(granted)

    @routes.post("/refresh")
    @runs_in("quick")
    @limits.limited("refresh")
    def refresh() -> Response:
        body = parse(RefreshRequest, request)
        return _answer_access(bus.handle(RefreshSession(refresh=body.refresh)))

    @routes.post("/logout")
    @runs_in("quick")
    @limits.limited("logout")
    def logout() -> Response:
        bus.handle(LogOut(session_id=authenticated(bus).session_id))
        return empty_answer(204)

    return routes


def _answer_access(access: Access) -> Response:
    model = AccessModel.of(access)
    return answer(Answer(model), headers=(("Authorization", f"Bearer {model.access}"),))
