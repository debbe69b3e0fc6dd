"""What a client is told when it is refused or sent away, in the codes of the HTTP interface."""

import logging
from typing import TypeAlias

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.roles.permission import Permission
from hexaccount.sessions.errors import NotAuthenticated

Problem: TypeAlias = dict[str, str | int]

_log = logging.getLogger("hexaccount.realtime")


def problem(status: int, code: str, detail: str) -> Problem:
    """Return the payload that stands for a problem."""
    return {"type": f"urn:hexaccount:problem:{code}", "status": status, "code": code, "detail": detail}


NO_TOKEN = problem(401, "not_authenticated", 'this needs an access token: log in and connect with auth {"token": "…"}')
TOKEN_IN_QUERY = problem(
    400, "malformed_request", 'no query is taken, as it ends up in logs: connect with auth {"token": "…"}'
)
TOKEN_EXPIRED = problem(401, "token_expired", "the access token has expired: refresh it and connect again")
NO_NAMESPACE = problem(404, "unknown_namespace", "there is no namespace but the one that needs no name")
WEBSOCKETS_ONLY = problem(
    400, "websockets_only", 'long polling is not served: connect with transports ["websocket"] and nothing else'
)
TOO_MANY_SOCKETS = problem(429, "too_many_sockets", "the session or the account has too many sockets open: close one")
TOO_SLOW = problem(429, "too_slow", "the client takes events more slowly than they happen: connect again")
DRAINING = problem(503, "draining", "the service is shutting down: connect again in a moment")
FULL = problem(503, "full", "the service holds as many sockets as it can: try again in a moment")
UNAVAILABLE = problem(503, "unavailable", "the service cannot reach what it keeps accounts in; try again")
FAILURE = problem(500, "internal_error", "the service failed; it is not the fault of the request")


def not_permitted(permission: Permission) -> Problem:
    """Return what is said to who lacks a permission."""
    return problem(
        403, "insufficient_scope", f"this needs a role that has the permission {permission.value}, such as admin"
    )


def problem_of(error: Exception) -> Problem:
    """Return what is said of an exception; of what nobody expected, nothing but that."""
    match error:
        case NotAuthenticated():
            return problem(401, error.code, str(error))
        case TooManyAttempts():
            return {**problem(429, error.code, str(error)), "retry_after": error.limit_status.wait}
        case StoreUnavailable():
            return UNAVAILABLE
    return FAILURE


def told_of(error: Exception) -> Problem:
    """Return what is said of an exception, and log it where nobody expected it."""
    told = problem_of(error)
    if told is FAILURE:
        _log.error("a socket could not be looked at", exc_info=error)
    return told
