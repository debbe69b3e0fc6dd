from typing import Annotated, TypeAlias

from flask import Blueprint

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.registration.register_user import RegisterUser
from hexaccount.sessions.errors import InvalidRefreshToken
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount_flask.answers import Created, Done, Granted
from hexaccount_flask.authentication import SignedIn
from hexaccount_flask.idempotency_key import IdempotencyKey
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.limits import RouteLimits, tell
from hexaccount_flask.models import AccessModel, LoginRequest, RefreshRequest, RegisteredModel, RegisterRequest
from hexaccount_flask.operation import operation
from hexaccount_flask.parameters import Aside

UserAgent: TypeAlias = Annotated[str, Aside(lambda request: request.environ.get("HTTP_USER_AGENT", ""))]


def account_routes(bus: Bus, limits: RouteLimits) -> Blueprint:
    """Return the routes by which people come and go."""
    routes = Blueprint("account", __name__, url_prefix="/api/v1/public")

    @routes.post("/register")
    @runs_in("password")
    @limits.limited("register")
    @operation(refuses=[UserNameTaken, EmailTaken, HashingOverloaded])
    def register(body: RegisterRequest, idempotency_key: IdempotencyKey) -> Created[RegisteredModel]:
        """Open an account.

        A client that does not know whether its request has arrived sends it again with the same `Idempotency-Key`. A
        request that was refused gives its key back.
        """
        command = RegisterUser.of_text(
            user_name=body.user_name,
            email=body.email,
            first_name=body.first_name,
            last_name=body.last_name,
            password=body.password,
            avatar_identifier=body.avatar_identifier,
            idempotency_key=idempotency_key,
        )
        return Created(RegisteredModel(id=bus.handle(command)), "/api/v1/me")

    @routes.post("/login")
    @runs_in("password")
    @operation(refuses=[WrongCredentials, TooManyAttempts, HashingOverloaded, StoreUnavailable])
    def log_in(body: LoginRequest, user_agent: UserAgent) -> Granted:
        """Log in.

        Opens a session, which remembers the client's address and `User-Agent`. A wrong name, a wrong password and a
        disabled account get one answer after the same work. Send the `access` of the answer, or its header, as
        `Authorization: Bearer …`, and keep `device` for the next login, also after a logout: with it the owner of an
        account passes while others guess at the password.
        """
        command = LogIn(
            user_name=body.user_name,
            password=body.password,
            client_address=limits.client_address(),
            user_agent=user_agent,
            device=body.device,
        )
        granted = bus.handle(command)
        tell(granted.limit_status)
        return Granted(AccessModel.of(granted))

    @routes.post("/refresh")
    @runs_in("quick")
    @limits.limited("refresh")
    @operation(refuses=[InvalidRefreshToken, StaleVersion])
    def refresh(body: RefreshRequest) -> Granted:
        """Go on with a session.

        A refresh token works once, for new access and the next refresh token. Presented again more than some seconds
        later, it ends the session: somebody else may have it.
        """
        return Granted(AccessModel.of(bus.handle(RefreshSession(refresh=body.refresh))))

    @routes.post("/logout")
    @runs_in("quick")
    @limits.limited("logout")
    @operation(bus, refuses=[StaleVersion])
    def log_out(caller: SignedIn) -> Done:
        """Log out.

        Ends the session; every token of it is dead at once, everywhere.
        """
        bus.handle(LogOut(session_id=caller.session_id))
        return Done()

    return routes
