"""What clients receive when they are refused or disconnected, with the codes of the HTTP interface."""

import logging
from typing import TypeAlias

from hexaccount.kernel.permission import Permission
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.errors import NotAuthenticated

Problem: TypeAlias = dict[str, str | int]

_log = logging.getLogger("hexaccount.realtime")


def problem(status: int, code: str, detail: str) -> Problem:
    """Return a problem (RFC 9457) as a JSON object."""
    return {"type": f"urn:hexaccount:problem:{code}", "status": status, "code": code, "detail": detail}


NO_TOKEN = problem(401, "not_authenticated", 'log in and connect with auth {"token": "…"}: an access token is needed')
TOKEN_IN_QUERY = problem(
    400, "malformed_request", 'connect with auth {"token": "…"} and without a query, which would end up in logs'
)
TOKEN_EXPIRED = problem(401, "token_expired", "refresh the access token and connect again: it has expired")
NO_NAMESPACE = problem(404, "unknown_namespace", "connect to the default namespace: there is no other")
WEBSOCKETS_ONLY = problem(
    400, "websockets_only", 'connect with transports ["websocket"] only: long polling is not supported'
)
TOO_MANY_SOCKETS = problem(429, "too_many_sockets", "close a socket: the session or the account has too many")
TOO_MANY_CONNECTIONS = problem(429, "too_many_sockets", "close a connection: the client's network has too many")
TOO_SLOW = problem(429, "too_slow", "connect again: the client reads events more slowly than they happen")
DRAINING = problem(503, "draining", "connect again in a moment: the service is shutting down")
FOREIGN_ORIGIN = problem(
    403, "origin_not_allowed", "name the origin of the page in http.cors_origins: it is not the service's own"
)
FULL = problem(503, "full", "try again in a moment: the service holds as many sockets as it can")
UNAVAILABLE = problem(503, "unavailable", "try again in a moment: the service cannot reach its store")
FAILURE = problem(500, "internal_error", "the service failed; it is not the fault of the request")


def not_permitted(permission: Permission) -> Problem:
    """Return the problem of a client whose user lacks a permission."""
    return problem(403, "insufficient_scope", f"this needs a role that has the permission {permission}, such as admin")


def problem_of(error: Exception) -> Problem:
    """Return the problem of an exception; an unexpected one is logged, and its text is not disclosed."""
    match error:
        case NotAuthenticated():
            return problem(401, error.code, str(error))
        case TooManyAttempts():
            return {**problem(429, error.code, str(error)), "retry_after": error.limit_status.wait}
        case StoreUnavailable():
            return UNAVAILABLE
    _log.error("a request of a socket failed", exc_info=error)
    return FAILURE
