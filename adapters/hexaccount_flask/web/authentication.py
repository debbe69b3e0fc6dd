"""Bearer tokens (RFC 6750), in the Authorization header only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from flask import Request

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.causation import acting
from hexaccount.kernel.permission import Permission
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.sessions.authenticate import Authenticate, Principal
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount_flask.web.fields import TOKEN_PATTERN
from hexaccount_flask.web.headers import HeaderPairs
from hexaccount_flask.web.inputs import DocumentedError, Reader, Services
from hexaccount_flask.web.problems import Problem, RequestRefused

_LONGEST_TOKEN = 4096
_TOKEN = re.compile(TOKEN_PATTERN)


def challenge(**attributes: str) -> HeaderPairs:
    """Return the header that asks for a bearer token."""
    parts = ['Bearer realm="hexaccount"', *(f'{name}="{value}"' for name, value in attributes.items())]
    return (("WWW-Authenticate", ", ".join(parts)),)


# No error attribute for a request that did not try to authenticate (RFC 6750, 3.1).
_NO_TOKEN = Problem(
    status=401,
    code="not_authenticated",
    detail="this needs an access token: log in and send it as `Authorization: Bearer …`",
    headers=challenge(),
)


def bearer_token(authorization: str | None) -> str:
    """Return the token of an Authorization header; raises RequestRefused if it has none, NotAuthenticated."""
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise RequestRefused(_NO_TOKEN)
    token = credentials.strip(" ")
    if len(token) > _LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        raise NotAuthenticated
    return token


Refused: TypeAlias = NotAuthenticated | RequestRefused
"""Why there is no caller."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """The access token of a request; where a permission is named, its user needs that.

    required: whether a request without a valid token is refused; else the view gets the Refused in place of the caller.
    """

    permission: Permission | None = None
    required: bool = True

    @property
    def errors(self) -> Sequence[DocumentedError]:
        forbidden = [_forbidden(self.permission)] if self.permission else []
        return [_NO_TOKEN, NotAuthenticated, *forbidden, StoreUnavailable]

    def reader(self, services: Services) -> Reader:
        """Return the function that returns the caller; raises RequestRefused, NotAuthenticated and StoreUnavailable."""
        bus: MessageBus = services[MessageBus]
        handle, permission = bus.handle, self.permission

        def caller_of(request: Request) -> Principal:
            principal = handle(Authenticate(token=bearer_token(request.environ.get("HTTP_AUTHORIZATION"))))
            acting(principal.user.id, principal.session_id)
            if permission is not None and permission not in principal.permissions:
                raise RequestRefused(_forbidden(permission))
            return principal

        def caller_or_refusal(request: Request) -> Principal | Refused:
            try:
                return caller_of(request)
            except (NotAuthenticated, RequestRefused) as refusal:
                return refusal

        return caller_of if self.required else caller_or_refusal


def _forbidden(permission: Permission) -> Problem:
    return Problem(
        status=403,
        code="insufficient_scope",
        detail=f"this needs a role that has the permission {permission}, such as admin",
        # RFC 6750, 3.1: the challenge may name the scope that is needed.
        headers=challenge(error="insufficient_scope", scope=permission),
    )


SignedIn: TypeAlias = Annotated[Principal, BearerToken()]
"""The caller, who has a valid access token."""

PerhapsSignedIn: TypeAlias = Annotated[Principal | Refused, BearerToken(required=False)]
"""The caller, or why there is none, for a view that takes something else in its place."""
