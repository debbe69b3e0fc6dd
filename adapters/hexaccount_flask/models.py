"""What goes over the wire, in both directions."""

from collections.abc import Sequence
from typing import Annotated, Generic, Self, TypeAlias, TypeVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from hexaccount.application.access import Access
from hexaccount.application.event_codec import format_time
from hexaccount.application.views import ProfileView, SessionView, UserView
from hexaccount.domain.password import Password

M = TypeVar("M", bound=Struct)

Time: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339 in UTC with milliseconds."""


class RequestModel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body that a client sends; what its texts may hold is the domain's to say."""


class RegisterRequest(RequestModel, frozen=True, kw_only=True):
    """A person who opens an account."""

    user_name: str
    first_name: str
    last_name: str
    email: str
    password: str
    avatar_identifier: str | None = None


class LoginRequest(RequestModel, frozen=True, kw_only=True):
    """A user name or e-mail address, a password, and the `device` of an earlier login's answer, if there is one."""

    user_name: str
    # Longer than any that can be set: normalising a text costs the square of its length in the worst case.
    password: Annotated[str, Meta(max_length=8 * Password.longest)]
    device: str | None = None


class RefreshRequest(RequestModel, frozen=True, kw_only=True):
    """A refresh token, to be spent."""

    refresh: Annotated[str, Meta(max_length=256)]


class PasswordRequest(RequestModel, frozen=True, kw_only=True):
    """The password as it is, and as it is to be."""

    current_password: Annotated[str, Meta(max_length=8 * Password.longest)]
    new_password: str


class ProfilePatch(RequestModel, frozen=True, kw_only=True):
    """A merge patch (RFC 7396) of a profile: what is absent stays, what is null goes."""

    bio: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    address: str | UnsetType | None = UNSET


class Answer(Struct, Generic[M], frozen=True):
    """A success: the resource."""

    data: M


class Page(Struct, frozen=True):
    """Where a list goes on: `after` of the request for the next page, null on the last one."""

    next: str | None


class ListAnswer(Struct, Generic[M], frozen=True):
    """A success: one page of a list."""

    data: list[M]
    page: Page


class RegisteredModel(Struct, frozen=True):
    """A new account."""

    id: UUID


class AccessModel(Struct, frozen=True):
    """An access token (RFC 6750), the seconds it lives, and the refresh token that gives the next one.

    A login also gives what the device may show at its next login.
    """

    access: str
    token_type: str
    expires_in: int
    refresh: str
    device: str | UnsetType = UNSET

    @classmethod
    def of(cls, access: Access) -> Self:
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

    device: str


class UserModel(Struct, frozen=True):
    """An account as its holder and admins see it."""

    id: UUID
    user_name: str
    email: str
    first_name: str
    last_name: str
    avatar_identifier: str
    roles: list[str]
    disabled: bool
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
    """A live login: `device` is what the client said of itself; `current` tells the session that asks."""

    id: UUID
    device: str
    address: str
    created_at: Time
    last_used_at: Time
    idle_until: Time
    expires_at: Time
    current: bool

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

    bio: str | None
    phone: str | None
    address: str | None
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

    status: str


class ReadyModel(Struct, frozen=True, omit_defaults=True):
    """That the service can serve, and the parts that it goes on without at the moment."""

    status: str
    degraded: Sequence[str] = ()


class FieldError(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is wrong with one part of a request: a JSON Pointer (RFC 6901) into the body, or a parameter of the URL."""

    pointer: str | None = None
    parameter: str | None = None
    detail: str


class ProblemModel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error (RFC 9457); `code` is stable, texts are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None
    errors: list[FieldError] = []
