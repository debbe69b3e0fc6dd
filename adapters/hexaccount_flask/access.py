"""The tokens of a session, as a login, a refresh and a change of the password return them."""

from typing import Annotated, Literal, Self, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from hexaccount.kernel.text import from_latin1
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount_flask.web.fields import TOKEN_PATTERN, AnyText, text, whole
from hexaccount_flask.web.headers import JSON
from hexaccount_flask.web.inputs import HiddenParameter
from hexaccount_flask.web.responses import Answer, Ok, ResponseSpec

AccessToken: TypeAlias = Annotated[
    str,
    text(
        "A JWT (RFC 9068), to be sent as `Authorization: Bearer …`.",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMWEyMDQyZiJ9.c2lnbmF0dXJl",
        pattern=whole(TOKEN_PATTERN),
    ),
]
REFRESH_EXAMPLE = "hxr_" + "Tq4c0v2Yb" * 4 + "Tq4c0v2"
NewRefreshToken: TypeAlias = Annotated[
    str, text("It works once, for the next pair of tokens.", REFRESH_EXAMPLE, pattern=whole(RefreshToken.pattern))
]
DeviceText: TypeAlias = Annotated[
    AnyText,
    text("Returned by a login on this device, to be sent with the next one.", "AZPBoCdkWMQ5A" * 5 + "AZPBoCdkWMQ"),
]

UserAgent: TypeAlias = Annotated[
    str, HiddenParameter(lambda _: lambda request: from_latin1(request.environ.get("HTTP_USER_AGENT", "")))
]


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
