"""Registration, the caller's account, and all accounts for admins."""

from typing import Annotated, ClassVar, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.errors import EmailTaken, UnexpectedVersion, UserNameTaken, UserNotFound
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.list_users import READ_USERS, ListUsers
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.role import Role
from hexaccount.accounts.update_user import UpdateUser
from hexaccount.accounts.views import UserView
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.registration.register_user import REGISTER, RegisterUser
from hexaccount.roles.errors import UnknownRole
from hexaccount.sessions.authenticate import Principal
from hexaccount_flask.avatars import AvatarText
from hexaccount_flask.passwords import NewPassword
from hexaccount_flask.web.authentication import BearerToken, SignedIn
from hexaccount_flask.web.bodies import RequestModel, members_of
from hexaccount_flask.web.entity_tags import IfMatch, IfNoneMatch, expected_versions
from hexaccount_flask.web.fields import Time, text, whole
from hexaccount_flask.web.headers import JSON, MERGE_PATCH
from hexaccount_flask.web.idempotency import IdempotencyKey
from hexaccount_flask.web.inputs import id_in_path
from hexaccount_flask.web.operations import Routes, link
from hexaccount_flask.web.pages import PageLimit, PageStart, cursor_of
from hexaccount_flask.web.problems import ProblemType
from hexaccount_flask.web.responses import Created, Listed, Resource, Tagged, Versioned

UserId: TypeAlias = Annotated[
    UUID, Meta(description="The id of an account.", examples=["01a2042f-6ad2-7003-9b5b-25c9d4a7a06c"])
]
UserNameText: TypeAlias = Annotated[
    str,
    text(
        "The name to log in with: letters, digits and ASCII punctuation but `@`, no spaces, and not the form of a UUID "
        "(RFC 8265, UsernameCaseMapped). Two names that differ in case alone are equal.",
        "ada",
        check=UserName,
        minLength=UserName.shortest,
        maxLength=UserName.longest,
        format="user-name",
    ),
]
FirstName: TypeAlias = Annotated[
    str,
    text(
        "One line, in the user's own spelling.",
        "Ada",
        check=PersonName,
        minLength=PersonName.shortest,
        maxLength=PersonName.longest,
        format="person-name",
    ),
]
LastName: TypeAlias = Annotated[FirstName, Meta(examples=["Lovelace"])]
EmailText: TypeAlias = Annotated[
    str,
    text(
        "An address at a domain of two labels or more; letters of all scripts (RFC 6531, IDNA 2008).",
        "ada@example.org",
        check=EmailAddress,
        maxLength=EmailAddress.longest,
        format="idn-email",
    ),
]
RoleName: TypeAlias = Annotated[str, text("The name of a role.", "user", pattern=whole(Role.pattern))]

UserIdInPath: TypeAlias = Annotated[UUID, id_in_path("user_id", UserId, UserNotFound)]
"""Paths take ids only; the command line takes names and addresses too."""

MayReadUsers: TypeAlias = Annotated[Principal, BearerToken(READ_USERS)]

routes = Routes(
    {
        UserNameTaken: ProblemType(409),
        EmailTaken: ProblemType(409),
        UserNotFound: ProblemType(404),
        UnexpectedVersion: ProblemType(412),
        UnknownRole: ProblemType(422),
    }
)


class RegisterRequest(RequestModel, frozen=True, kw_only=True):
    """A new account."""

    user_name: UserNameText
    first_name: FirstName
    last_name: LastName
    email: EmailText
    password: NewPassword
    avatar_identifier: AvatarText | None = None


class RegisteredModel(Struct, frozen=True):
    """A new account."""

    id: UserId


class UserModel(Resource, frozen=True):
    """An account as its user and admins see it."""

    id: UserId
    user_name: UserNameText
    email: EmailText
    email_verified: Annotated[bool, Meta(description="Whether its owner has proved the address.", examples=[False])]
    first_name: FirstName
    last_name: LastName
    avatar_identifier: AvatarText
    roles: list[RoleName]
    disabled: Annotated[bool, Meta(description="Whether logging in is disabled.", examples=[False])]
    registered_at: Time


class MyUserModel(UserModel, frozen=True):
    """Your account, with what you may do to other accounts."""

    permissions: Annotated[
        list[str], Meta(description="The permissions of your roles.", examples=[["users.read", "sessions.read"]])
    ]


class UserPatch(RequestModel, frozen=True, kw_only=True):
    """A merge patch (RFC 7396) of your account: a member that is absent stays."""

    media_types: ClassVar[tuple[str, ...]] = (MERGE_PATCH, JSON)

    first_name: FirstName | UnsetType = UNSET
    last_name: LastName | UnsetType = UNSET
    avatar_identifier: AvatarText | UnsetType | None = UNSET


@routes.add(
    "POST",
    "/api/v1/public/register",
    tag="account",
    request_class="password",
    limit=REGISTER,
    errors=[UserNameTaken, EmailTaken, HashingOverloaded],
    links={
        "log_in": link(
            "Log in with the same name and password.",
            body={"user_name": "$request.body#/user_name", "password": "$request.body#/password"},
        ),
        "get_user": link("An admin can read the new account.", user_id="$response.body#/data/id"),
    },
)
def register(bus: MessageBus, body: RegisterRequest, idempotency_key: IdempotencyKey) -> Created[RegisteredModel]:
    """Register an account.

    A client that does not know whether its request has arrived sends it again with the same `Idempotency-Key`. A
    request that was refused does not use its key up.
    """
    command = RegisterUser.of_text(**asdict(body), idempotency_key=idempotency_key)
    return Created(RegisteredModel(id=bus.handle(command)), "../me")


@routes.add(
    "GET",
    "/api/v1/me",
    tag="me",
    links={"get_avatar": link("The picture of the account.", identifier="$response.body#/data/avatar_identifier")},
)
def get_me(principal: SignedIn, if_none_match: IfNoneMatch) -> Tagged[MyUserModel]:
    """Get your account, with your roles and permissions."""
    user, permissions = principal.user, sorted(principal.permissions)
    model = MyUserModel.of(user, permissions=permissions)
    return Tagged(model, user.id, user.version, if_none_match, permissions)


@routes.add("PATCH", "/api/v1/me", tag="me", errors=[StaleVersion])
def update_me(bus: MessageBus, principal: SignedIn, body: UserPatch, if_match: IfMatch) -> Versioned[MyUserModel]:
    """Change your first and last name and your picture.

    With `avatar_identifier` null, the picture is drawn from the id of the account.
    """
    user_id, permissions = principal.user.id, sorted(principal.permissions)
    expected = expected_versions(if_match, MyUserModel, user_id, permissions)
    user = bus.handle(UpdateUser.of_text(user_id, members_of(body), expected))
    return Versioned(MyUserModel.of(user, permissions=permissions), user_id, user.version, permissions)


@routes.add("GET", "/api/v1/users", tag="users")
def list_users(bus: MessageBus, _: MayReadUsers, limit: PageLimit, after: PageStart) -> Listed[UserModel]:
    """List all accounts, oldest first."""
    page = bus.handle(ListUsers(limit=limit, after=after))
    return Listed([UserModel.of(user) for user in page.users], cursor_of(page.next))


@routes.add("GET", "/api/v1/users/<user_id>", tag="users")
def get_user(bus: MessageBus, _: MayReadUsers, user_id: UserIdInPath, if_none_match: IfNoneMatch) -> Tagged[UserModel]:
    """Get an account."""
    return _tagged(bus.handle(GetUser(reference=str(user_id))), if_none_match)


def _tagged(user: UserView, if_none_match: str | None) -> Tagged[UserModel]:
    return Tagged(UserModel.of(user), user.id, user.version, if_none_match)
