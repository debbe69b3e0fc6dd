"""What goes over the wire, in both directions."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Generic, Literal, Self, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

from hexaccount.accounts.views import ProfileView, UserView
from hexaccount.kernel.clock import format_time
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.views import SessionView
from hexaccount_flask.fields import (
    AccessToken,
    AvatarText,
    Bio,
    ClientAddress,
    CursorText,
    DeviceName,
    DeviceText,
    EmailText,
    FirstName,
    GivenPassword,
    GivenRefresh,
    LastName,
    LoginName,
    NewPassword,
    Phone,
    PostalAddress,
    RefreshText,
    RoleName,
    SessionId,
    Time,
    UserId,
    UserNameText,
)
from hexaccount_flask.media_types import JSON, MERGE_PATCH

M = TypeVar("M", bound=Struct)


class RequestModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body that a client sends; what its texts may hold is the domain's to say."""

    media_types: ClassVar[tuple[str, ...]] = (JSON,)


class RegisterRequest(RequestModel, frozen=True, kw_only=True):
    """A person who opens an account."""

    user_name: UserNameText
    first_name: FirstName
    last_name: LastName
    email: EmailText
    password: NewPassword
    avatar_identifier: AvatarText | None = None


class LoginRequest(RequestModel, frozen=True, kw_only=True):
    """A user name or e-mail address, a password, and the `device` of an earlier login's answer, if there is one."""

    user_name: LoginName
    password: GivenPassword
    device: DeviceText | None = None


class RefreshRequest(RequestModel, frozen=True, kw_only=True):
    """A refresh token, to be spent."""

    refresh: GivenRefresh


class PasswordRequest(RequestModel, frozen=True, kw_only=True):
    """The password as it is, and as it is to be."""

    current_password: GivenPassword
    new_password: Annotated[NewPassword, Meta(examples=["over the hills and far away"])]


class ProfilePatch(RequestModel, frozen=True, kw_only=True):
    """A merge patch (RFC 7396) of a profile: what is absent stays, what is null goes."""

    media_types: ClassVar[tuple[str, ...]] = (MERGE_PATCH, JSON)

    bio: Bio | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    address: PostalAddress | UnsetType | None = UNSET


class Answer(Struct, Generic[M], frozen=True):
    """A success: the resource."""

    data: M


class Page(Struct, frozen=True):
    """Where a list goes on."""

    next: Annotated[CursorText | None, Meta(description="`after` of the request for the next page, null on the last.")]


class ListAnswer(Struct, Generic[M], frozen=True):
    """A success: one page of a list."""

    data: list[M]
    page: Page


class RegisteredModel(Struct, frozen=True):
    """A new account."""

    id: UserId


class AccessModel(Struct, frozen=True):
    """An access token (RFC 6750), the seconds it lives, and the refresh token that gives the next one.

    A login also gives what the device may show at its next login.
    """

    access: AccessToken
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Meta(ge=1, description="Seconds.", examples=[900])]
    refresh: RefreshText
    device: DeviceText | UnsetType = UNSET

    @classmethod
    def of(cls, access: IssuedTokens) -> Self:
        """Return an access as it is sent."""
        return cls(
            access=access.token,
            token_type="Bearer",  # noqa: S106 - the name of a scheme (RFC 6750)
            expires_in=access.expires_in,
            refresh=access.refresh,
            device=access.device or UNSET,
        )


class DeviceModel(Struct, frozen=True):
    """What a device may show at its next login."""

    device: DeviceText


class UserModel(Struct, frozen=True):
    """An account as its holder and admins see it."""

    id: UserId
    user_name: UserNameText
    email: EmailText
    first_name: FirstName
    last_name: LastName
    avatar_identifier: AvatarText
    roles: list[RoleName]
    disabled: Annotated[bool, Meta(description="Whether nobody may log in.", examples=[False])]
    registered_at: Time

    @classmethod
    def of(cls, user: UserView) -> Self:
        """Return an account as it is sent."""
        return cls(
            id=user.id,
            user_name=user.user_name,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            avatar_identifier=user.avatar_identifier,
            roles=list(user.roles),
            disabled=user.disabled,
            registered_at=format_time(user.registered_at),
        )


class SessionModel(Struct, frozen=True):
    """A live login."""

    id: SessionId
    device: DeviceName
    address: ClientAddress
    created_at: Time
    last_used_at: Time
    idle_until: Annotated[Time, Meta(description="When it ends unless it is refreshed before.")]
    expires_at: Annotated[Time, Meta(description="When it ends in any case.")]
    current: Annotated[bool, Meta(description="Whether it is the session that asks.", examples=[True])]

    @classmethod
    def of(cls, session: SessionView, *, current: bool) -> Self:
        """Return a session as it is sent."""
        return cls(
            id=session.id,
            device=session.device,
            address=session.address,
            created_at=format_time(session.created_at),
            last_used_at=format_time(session.last_used_at),
            idle_until=format_time(session.idle_until),
            expires_at=format_time(session.expires_at),
            current=current,
        )


class ProfileModel(Struct, frozen=True):
    """What a person tells of themselves."""

    bio: Bio | None
    phone: Phone | None
    address: PostalAddress | None
    updated_at: Time | None

    @classmethod
    def of(cls, profile: ProfileView) -> Self:
        """Return a profile as it is sent."""
        return cls(
            bio=profile.bio,
            phone=profile.phone,
            address=profile.address,
            updated_at=format_time(profile.updated_at) if profile.updated_at else None,
        )


class StatusModel(Struct, frozen=True):
    """How the service is."""

    status: Annotated[str, Meta(examples=["up"])]


class ReadyModel(Struct, frozen=True, omit_defaults=True):
    """That the service can serve, and the parts that it goes on without at the moment."""

    status: Literal["ready"]
    degraded: Annotated[Sequence[str], Meta(description="The parts, where there are any.", examples=[["cache"]])] = ()


class KeyModel(Struct, frozen=True):
    """A public key (RFC 7517): `x` and `y` are of elliptic curves, `n` and `e` of RSA."""

    kid: Annotated[str, Meta(description="By this name tokens tell which key has signed them.")]
    kty: Literal["EC", "OKP", "RSA"]
    alg: Literal["EdDSA", "ES256", "RS256"]
    use: Literal["sig"]
    crv: str | UnsetType = UNSET
    x: str | UnsetType = UNSET
    y: str | UnsetType = UNSET
    n: str | UnsetType = UNSET
    e: str | UnsetType = UNSET


class KeySetModel(Struct, frozen=True):
    """The public keys of access tokens (RFC 7517); empty where the service signs with a secret."""

    keys: list[KeyModel]


class FieldError(Struct, frozen=True, kw_only=True):
    """What is wrong with one part of a request."""

    pointer: Annotated[str, Meta(description="A JSON Pointer (RFC 6901) into the body.")] | UnsetType = UNSET
    parameter: Annotated[str, Meta(description="The name of a part of the URL.")] | UnsetType = UNSET
    detail: Annotated[str, Meta(description="What is wrong with it.")]


class ProblemModel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error (RFC 9457); `code` is stable, texts are for people."""

    type: Annotated[str, Meta(description="`urn:hexaccount:problem:` and the code.")]
    title: Annotated[str, Meta(description="The same for every problem of the code.")]
    status: Annotated[int, Meta(description="The status of the answer.", ge=400, le=599)]
    detail: Annotated[str, Meta(description="What is wrong, and what would be right.")]
    code: Annotated[str, Meta(description="What is wrong, for programs.")]
    request_id: Annotated[str | None, Meta(description="The answer's `X-Request-ID`, by which the log knows it.")]
    errors: Annotated[list[FieldError], Meta(description="All parts of the request that are not valid.")] = []
