"""What the fields of bodies hold, in words and as JSON Schema; the rules themselves are those of the domain's values.

They describe and do not check: a request's texts are checked as the domain's values are built.
"""

from typing import Annotated, Any, TypeAlias
from uuid import UUID

from msgspec import Meta

from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.profile import LONGEST_ADDRESS, LONGEST_BIO, LONGEST_PHONE, PHONE_PATTERN
from hexaccount.accounts.role import Role
from hexaccount.passwords.password import Password
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session

CURSOR_PATTERN = "[A-Za-z0-9_-]{21}[AQgw]"
"""The 16 bytes of an id in base64url, in their one spelling."""

TOKEN_PATTERN = "[A-Za-z0-9._~+/-]+=*"  # noqa: S105 - token68 of RFC 9110, 11.2
"""A bearer token."""


def _text(description: str, example: str, **schema: Any) -> Meta:
    return Meta(description=description, examples=[example], extra_json_schema=schema)


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


AnyText: TypeAlias = Annotated[str, Meta(extra_json_schema={"pattern": "^[^\\u0000]*$"})]
UserId: TypeAlias = Annotated[
    UUID, Meta(description="The id of an account.", examples=["01a2042f-6ad2-7003-9b5b-25c9d4a7a06c"])
]
SessionId: TypeAlias = Annotated[
    UUID, Meta(description="The id of a session.", examples=["01a20436-11c8-7e0a-9d4e-b7c3a8f0d215"])
]
UserNameText: TypeAlias = Annotated[
    str,
    _text(
        "What a person logs in with: letters, digits and ASCII punctuation but `@`, no spaces, and not the form of a "
        "UUID (RFC 8265, UsernameCaseMapped). Two names that differ in case alone are one.",
        "ada",
        minLength=UserName.shortest,
        maxLength=UserName.longest,
        format="user-name",
    ),
]
FirstName: TypeAlias = Annotated[
    str,
    _text(
        "One line, as its bearer writes it.",
        "Ada",
        minLength=PersonName.shortest,
        maxLength=PersonName.longest,
        format="person-name",
    ),
]
LastName: TypeAlias = Annotated[FirstName, Meta(examples=["Lovelace"])]
EmailText: TypeAlias = Annotated[
    str,
    _text(
        "An address at a domain of two labels or more; letters of all scripts (RFC 6531).",
        "ada@example.org",
        maxLength=EmailAddress.longest,
        format="idn-email",
    ),
]
NewPassword: TypeAlias = Annotated[
    str,
    _text(
        "Any characters but control characters, counted as code points. It is refused, with the reason, if it is one "
        "of the most common passwords or made of the account's own names or address.",
        "a long and winding road",
        minLength=Password.shortest,
        maxLength=Password.longest,
        format="password",
    ),
]
# Longer than any that can be set: normalising a text costs the square of its length in the worst case.
GivenPassword: TypeAlias = Annotated[
    AnyText,
    Meta(max_length=8 * Password.longest),
    _text("The password as it is.", "a long and winding road", format="password"),
]
LoginName: TypeAlias = Annotated[AnyText, _text("The user name or the e-mail address.", "ada")]
AvatarText: TypeAlias = Annotated[
    str, _text("What the picture is drawn from.", "ada.lovelace", pattern=_whole(AvatarIdentifier.pattern))
]
RoleName: TypeAlias = Annotated[str, _text("The name of a role.", "user", pattern=_whole(Role.pattern))]
Bio: TypeAlias = Annotated[
    str,
    _text(
        "What a person says of themselves, on any number of lines.",
        "First programmer",
        maxLength=LONGEST_BIO,
        format="paragraph",
    ),
]
Phone: TypeAlias = Annotated[
    str,
    _text(
        "A telephone number of 3 to 20 digits as it is written, with the usual separators.",
        "+49 30 901820",
        maxLength=LONGEST_PHONE,
        pattern=f"^(?:{PHONE_PATTERN})?$",
    ),
]
PostalAddress: TypeAlias = Annotated[
    str,
    _text(
        "A postal address, on any number of lines.",
        "12 St James's Square\nLondon",
        maxLength=LONGEST_ADDRESS,
        format="paragraph",
    ),
]
CursorText: TypeAlias = Annotated[
    str, _text("A place in a list.", "AaIEL2rScAObWyXJ1KegbA", pattern=_whole(CURSOR_PATTERN))
]
Time: TypeAlias = Annotated[
    str,
    _text("RFC 3339 in UTC with milliseconds.", "2026-11-22T16:55:46.514Z", format="date-time"),
]
AccessToken: TypeAlias = Annotated[
    str,
    _text(
        "A JWT (RFC 9068), to be sent as `Authorization: Bearer …`.",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMWEyMDQyZiJ9.c2lnbmF0dXJl",
        pattern=_whole(TOKEN_PATTERN),
    ),
]
RefreshText: TypeAlias = Annotated[
    str,
    _text(
        "It works once, for the next pair of tokens.",
        "hxr_" + "Tq4c0v2Yb" * 4 + "Tq4c0v2",
        pattern=_whole(RefreshToken.pattern),
    ),
]
GivenRefresh: TypeAlias = Annotated[
    AnyText, Meta(max_length=256), _text("The latest refresh token of a session.", "hxr_" + "Tq4c0v2Yb" * 4 + "Tq4c0v2")
]
DeviceText: TypeAlias = Annotated[
    AnyText,
    _text("What a login on this device has given, to be shown at the next one.", "AZPBoCdkWMQ5A" * 4 + "AZPBoCdkWMQ5"),
]
DeviceName: TypeAlias = Annotated[
    str,
    _text(
        "What the client said of itself (`User-Agent`).",
        "Mozilla/5.0 (X11; Linux x86_64)",
        maxLength=Session.longest_agent,
    ),
]
ClientAddress: TypeAlias = Annotated[str, _text("The address that the login came from.", "203.0.113.7")]
