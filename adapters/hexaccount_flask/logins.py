"""Logging in and out, and the tokens of a session."""

from typing import Annotated, TypeAlias

from msgspec import Meta
from msgspec.structs import asdict

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.authenticate import Principal
from hexaccount.sessions.errors import InvalidRefreshToken
from hexaccount.sessions.log_out import LOGOUT, LogOut
from hexaccount.sessions.refresh_session import REFRESH, RefreshSession
from hexaccount_flask.access import REFRESH_EXAMPLE, DeviceText, Granted, UserAgent
from hexaccount_flask.passwords import GivenPassword
from hexaccount_flask.web.authentication import PerhapsSignedIn, challenge
from hexaccount_flask.web.bodies import RequestModel
from hexaccount_flask.web.client_addresses import ClientAddress
from hexaccount_flask.web.fields import AnyText, text
from hexaccount_flask.web.operations import Routes, link
from hexaccount_flask.web.problems import ProblemType
from hexaccount_flask.web.rate_limits import report_rate_limit
from hexaccount_flask.web.responses import Done

LoginName: TypeAlias = Annotated[AnyText, text("The user name or the e-mail address.", "ada")]
GivenRefreshToken: TypeAlias = Annotated[
    AnyText, Meta(max_length=256), text("A refresh token of a session, the latest one to refresh it.", REFRESH_EXAMPLE)
]
routes = Routes(
    {
        WrongCredentials: ProblemType(401, headers=lambda _: challenge()),
        InvalidRefreshToken: ProblemType(401, headers=lambda _: challenge()),
    }
)


class LoginRequest(RequestModel, frozen=True, kw_only=True):
    """A user name or e-mail address, a password, and the `device` of an earlier login's answer, if there is one."""

    user_name: LoginName
    password: GivenPassword
    device: DeviceText | None = None


class LogoutRequest(RequestModel, frozen=True, kw_only=True):
    """A refresh token of the session to end, in place of an access token or beside it."""

    refresh: GivenRefreshToken | None = None


class RefreshRequest(RequestModel, frozen=True, kw_only=True):
    """A refresh token, which is used up."""

    refresh: GivenRefreshToken


@routes.add(
    "POST",
    "/api/v1/public/login",
    tag="account",
    request_class="password",
    errors=[WrongCredentials, TooManyAttempts, HashingOverloaded, StoreUnavailable],
    links={
        "refresh": link(
            "Continue the session with its refresh token.", body={"refresh": "$response.body#/data/refresh"}
        )
    },
)
def log_in(bus: MessageBus, body: LoginRequest, client_address: ClientAddress, user_agent: UserAgent) -> Granted:
    """Log in.

    Opens a session, which records the client's address and `User-Agent`. A wrong name, a wrong password and a disabled
    account get one answer after the same work. Send the `access` of the answer, or its header, as
    `Authorization: Bearer …`. Keep `device` for the next login, also after a logout: with it you can log in while
    others guess your password.
    """
    access = bus.handle(LogIn(**asdict(body), client_address=client_address, user_agent=user_agent))
    report_rate_limit(access.limit_status)
    return Granted(access)


@routes.add(
    "POST",
    "/api/v1/public/refresh",
    tag="account",
    limit=REFRESH,
    errors=[InvalidRefreshToken, StaleVersion, StoreUnavailable],
    links={
        "refresh": link(
            "Continue with the next refresh token, which replaces this one.",
            body={"refresh": "$response.body#/data/refresh"},
        )
    },
)
def refresh(bus: MessageBus, body: RefreshRequest, client_address: ClientAddress, user_agent: UserAgent) -> Granted:
    """Continue a session.

    A refresh token works once, for new access and the next refresh token. For a minute, the same client gets the same
    answer again. If the token is presented later, or by another `User-Agent` from another network, the session ends:
    the token may have been stolen.
    """
    command = RefreshSession(refresh=body.refresh, client_address=client_address, user_agent=user_agent)
    return Granted(bus.handle(command))


@routes.add("POST", "/api/v1/public/logout", tag="account", limit=LOGOUT, errors=[StaleVersion])
def log_out(bus: MessageBus, body: LogoutRequest | None, caller: PerhapsSignedIn) -> Done:
    """Log out.

    Ends the session of the access token, and that of `refresh`; all tokens of a session are invalid at once,
    everywhere. With `refresh`, no access token is needed: one that has expired does no harm. A text that is no refresh
    token, or no longer one, gets a 204 too: what it would open is closed (RFC 7009, 2.2).
    """
    refresh = body.refresh if body else None
    if isinstance(caller, Principal):
        bus.handle(LogOut(session_id=caller.session_id, refresh=refresh))
    elif refresh is not None:
        bus.handle(LogOut(refresh=refresh))
    else:
        raise caller
    return Done()
