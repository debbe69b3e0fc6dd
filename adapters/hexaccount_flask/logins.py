"""Logging in and out, and the tokens of a session."""

from typing import Annotated, Literal, Self, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.errors import InvalidRefreshToken
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.log_out import LOGOUT, LogOut
from hexaccount.sessions.refresh_session import REFRESH, RefreshSession
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount_flask.passwords import DeviceText, GivenPassword
from hexaccount_flask.web.authentication import SignedIn, challenge
from hexaccount_flask.web.bodies import RequestModel
from hexaccount_flask.web.client_addresses import ClientAddress
from hexaccount_flask.web.fields import TOKEN_PATTERN, AnyText, text, whole
from hexaccount_flask.web.headers import JSON
from hexaccount_flask.web.inputs import HiddenParameter
from hexaccount_flask.web.operations import Routes, link
from hexaccount_flask.web.problems import ProblemType
from hexaccount_flask.web.rate_limits import report_rate_limit
from hexaccount_flask.web.responses import Answer, Done, Ok, ResponseSpec

LoginName: TypeAlias = Annotated[AnyText, text("The user name or the e-mail address.", "ada")]
AccessToken: TypeAlias = Annotated[
    str,
    text(
        "A JWT (RFC 9068), to be sent as `Authorization: Bearer …`.",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMWEyMDQyZiJ9.c2lnbmF0dXJl",
        pattern=whole(TOKEN_PATTERN),
    ),
]
_REFRESH = "hxr_" + "Tq4c0v2Yb" * 4 + "Tq4c0v2"
NewRefreshToken: TypeAlias = Annotated[
    str, text("It works once, for the next pair of tokens.", _REFRESH, pattern=whole(RefreshToken.pattern))
]
GivenRefreshToken: TypeAlias = Annotated[
    AnyText, Meta(max_length=256), text("The latest refresh token of a session.", _REFRESH)
]
UserAgent: TypeAlias = Annotated[
    str, HiddenParameter(lambda _: lambda request: request.environ.get("HTTP_USER_AGENT", ""))
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


class RefreshRequest(RequestModel, frozen=True, kw_only=True):
    """A refresh token, which is used up."""

    refresh: GivenRefreshToken


class AccessModel(Struct, frozen=True):
    """An access token (RFC 6750), its lifetime, and the refresh token for the next one.

    A login also returns what the device may send with its next login.
    """

    access: AccessToken
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Meta(ge=1, description="Seconds.", examples=[900])]
    refresh: NewRefreshToken
    device: DeviceText | UnsetType = UNSET

    @classmethod
    def of(cls, access: IssuedTokens) -> Self:
        return cls(
            access=access.token,
            token_type="Bearer",  # noqa: S106 - the name of a scheme (RFC 6750)
            expires_in=access.expires_in,
            refresh=access.refresh,
            device=access.device or UNSET,
        )


class Granted(Ok[AccessModel]):
    """Tokens, and the Authorization header to send."""

    specs = (ResponseSpec(200, "Access.", {JSON: Answer[AccessModel]}, ("Authorization",)),)

    def __init__(self, access: IssuedTokens) -> None:
        super().__init__(AccessModel.of(access), (("Authorization", f"Bearer {access.token}"),))


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
    errors=[InvalidRefreshToken, StaleVersion],
    links={
        "refresh": link(
            "Continue with the next refresh token, which replaces this one.",
            body={"refresh": "$response.body#/data/refresh"},
        )
    },
)
def refresh(bus: MessageBus, body: RefreshRequest) -> Granted:
    """Continue a session.

    A refresh token works once, for new access and the next refresh token. If it is presented again more than some
    seconds later, the session ends: the token may have been stolen.
    """
    return Granted(bus.handle(RefreshSession(refresh=body.refresh)))


@routes.add("POST", "/api/v1/public/logout", tag="account", limit=LOGOUT, errors=[StaleVersion])
def log_out(bus: MessageBus, caller: SignedIn) -> Done:
    """Log out.

    Ends the session; all its tokens are invalid at once, everywhere.
    """
    bus.handle(LogOut(session_id=caller.session_id))
    return Done()
