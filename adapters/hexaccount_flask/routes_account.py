from flask import Blueprint, Response, request

from hexaccount.application.access import Access
from hexaccount.application.bus import Bus
from hexaccount.application.log_in import LogIn
from hexaccount.application.log_out import LogOut
from hexaccount.application.refresh_session import RefreshSession
from hexaccount.application.register_user import RegisterUser
from hexaccount_flask.answers import answer, empty_answer
from hexaccount_flask.authentication import authenticated
from hexaccount_flask.client_address import ClientAddresses
from hexaccount_flask.idempotency_key import idempotency_key
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import (
    AccessModel,
    Answer,
    LoginRequest,
    RefreshRequest,
    RegisteredModel,
    RegisterRequest,
)
from hexaccount_flask.parsing import parse


def account_routes(bus: Bus, addresses: ClientAddresses) -> Blueprint:
    """Return the routes by which people come and go."""
    routes = Blueprint("account", __name__, url_prefix="/api/v1/public")

    @routes.post("/register")
    @runs_in("password")
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
            client_address=addresses.client_of(request.remote_addr or "", request.headers.get("X-Forwarded-For", "")),
            user_agent=request.headers.get("User-Agent", ""),
        )
        return _answer_access(bus.handle(command))

    @routes.post("/refresh")
    @runs_in("quick")
    def refresh() -> Response:
        body = parse(RefreshRequest, request)
        return _answer_access(bus.handle(RefreshSession(refresh=body.refresh)))

    @routes.post("/logout")
    @runs_in("quick")
    def logout() -> Response:
        bus.handle(LogOut(session_id=authenticated(bus).session_id))
        return empty_answer(204)

    return routes


def _answer_access(access: Access) -> Response:
    model = AccessModel.of(access)
    return answer(Answer(model), headers=(("Authorization", f"Bearer {model.access}"),))
