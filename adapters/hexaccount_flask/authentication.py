"""Bearer tokens (RFC 6750), in the Authorization header only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeAlias

from flask import Request

from hexaccount.kernel.bus import Bus
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.roles.permission import Permission
from hexaccount.sessions.authenticate import Authenticate, Principal
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount_flask.fields import TOKEN_PATTERN
from hexaccount_flask.problems import Problem, RequestRefused

if TYPE_CHECKING:
    from hexaccount_flask.operation import Reader, Refusable

CHALLENGE = 'Bearer realm="hexaccount"'

_LONGEST = 4096
_TOKEN = re.compile(TOKEN_PATTERN)

# No error attribute for a request that did not try to authenticate (RFC 6750, 3.1).
_NO_TOKEN = Problem(
    status=401,
    code="not_authenticated",
    detail="this needs an access token: log in and send it as `Authorization: Bearer …`",
    headers=(("WWW-Authenticate", CHALLENGE),),
)


def bearer_token(authorization: str | None) -> str:
    """Return the token in an Authorization header; raises RequestRefused where none was tried, NotAuthenticated."""
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise RequestRefused(_NO_TOKEN)
    token = credentials.strip(" ")
    if len(token) > _LONGEST or not _TOKEN.fullmatch(token):
        raise NotAuthenticated
    return token


@dataclass(frozen=True, slots=True)
class BearerToken:
    """The access token of a request, whose holder needs a permission where one is named."""

    permission: Permission | None = None

    @property
    def refuses(self) -> Sequence["Refusable"]:
        """Return what a request is refused with that has no token, or none that opens this."""
        forbidden = [_not_permitted(self.permission)] if self.permission else []
        return [_NO_TOKEN, NotAuthenticated, *forbidden, StoreUnavailable]

    def reader(self, bus: Bus | None) -> "Reader":
        """Return what tells who sends a request; raises RequestRefused or NotAuthenticated."""
        if bus is None:
            raise TypeError("a view that takes the caller needs a bus to ask who that is")
        handle, permission = bus.handle, self.permission

        def caller_of(request: Request) -> Principal:
            return handle(Authenticate(token=bearer_token(request.environ.get("HTTP_AUTHORIZATION"))))

        if permission is None:
            return caller_of
        forbidden = _not_permitted(permission)

        def permitted_caller_of(request: Request) -> Principal:
            principal = caller_of(request)
            if permission not in principal.permissions:
                raise RequestRefused(forbidden)
            return principal

        return permitted_caller_of


SignedIn: TypeAlias = Annotated[Principal, BearerToken()]
"""Who sends the request."""

MayReadUsers: TypeAlias = Annotated[Principal, BearerToken(Permission.READ_USERS)]
MayReadSessions: TypeAlias = Annotated[Principal, BearerToken(Permission.READ_SESSIONS)]
MayEndSessions: TypeAlias = Annotated[Principal, BearerToken(Permission.END_SESSIONS)]
"""Who sends the request and may do what the name says."""


def _not_permitted(permission: Permission) -> Problem:
    # RFC 6750, 3.1: the challenge may name the scope that is needed.
    challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{permission.value}"'
    return Problem(
        status=403,
        code="insufficient_scope",
        detail=f"this needs a role that has the permission {permission.value}, such as admin",
        headers=(("WWW-Authenticate", challenge),),
    )
