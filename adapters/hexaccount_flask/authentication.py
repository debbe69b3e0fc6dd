"""Bearer tokens (RFC 6750), in the Authorization header only."""

import re

from flask import request

from hexaccount.application.authenticate import Authenticate, Caller
from hexaccount.application.bus import Bus
from hexaccount.domain.errors import NotAuthenticated
from hexaccount.domain.permission import Permission
from hexaccount_flask.problems import Problem, RequestRefused

CHALLENGE = 'Bearer realm="hexaccount"'

_LONGEST = 4096
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # token68 of RFC 9110, 11.2

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


def authenticated(bus: Bus) -> Caller:
    """Return who sends the request in hand; raises RequestRefused or NotAuthenticated."""
    token = bearer_token(request.environ.get("HTTP_AUTHORIZATION"))
    return bus.handle(Authenticate(token=token))


def authorized(bus: Bus, permission: Permission) -> Caller:
    """Return who sends the request in hand and may do this; raises RequestRefused or NotAuthenticated."""
    caller = authenticated(bus)
    if permission not in caller.permissions:
        raise RequestRefused(_not_permitted(permission))
    return caller


def _not_permitted(permission: Permission) -> Problem:
    # RFC 6750, 3.1: the challenge may name the scope that is needed.
    challenge = f'{CHALLENGE}, error="insufficient_scope", scope="{permission.value}"'
    return Problem(
        status=403,
        code="insufficient_scope",
        detail=f"this needs a role that has the permission {permission.value}, such as admin",
        headers=(("WWW-Authenticate", challenge),),
    )
