"""Errors as RFC 9457 problem details."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from hexaccount_flask.headers import ALWAYS, new_request_id
from hexaccount_flask.media_types import PROBLEM
from hexaccount_flask.models import FieldError, ProblemModel

_TITLES = {
    "body_too_large": "The body is too large",
    "body_too_slow": "The body came too slowly",
    "conflict": "The request met a change by somebody else",
    "deadline_exceeded": "The request took too long",
    "draining": "The service is shutting down",
    "email_taken": "The e-mail address is taken",
    "idempotency_key_reused": "The idempotency key belongs to another request",
    "insufficient_scope": "The account may not do this",
    "internal_error": "The service failed",
    "invalid_input": "The input is not valid",
    "invalid_refresh_token": "The refresh token is not valid",
    "invalid_token": "The access token is not valid",
    "invalid_value": "The input is not valid",
    "key_refused": "The signing key is needed as it is",
    "key_unreadable": "The signing key cannot be opened",
    "malformed_header": "A header is malformed",
    "malformed_json": "The body is not JSON",
    "malformed_request": "The request is malformed",
    "method_not_allowed": "The method does not fit the path",
    "not_authenticated": "An access token is needed",
    "not_found": "Not found",
    "overloaded": "The service is busy",
    "precondition_failed": "The resource is not as expected",
    "request_in_flight": "The first request with this key is still in hand",
    "schema_mismatch": "The store has another schema",
    "schema_missing": "The store has no schema",
    "schema_too_new": "The store's schema is too new",
    "schema_too_old": "The store's schema is too old",
    "session_not_found": "There is no such session",
    "store_refuses": "The store does not let the service work",
    "store_unreachable": "The store cannot be reached",
    "too_many_attempts": "There were too many attempts",
    "unavailable": "The service cannot answer now",
    "unsupported_media_type": "The body has a media type that is not taken here",
    "unknown_role": "There is no such role",
    "user_name_taken": "The user name is taken",
    "user_not_found": "There is no such user",
    "wrong_credentials": "The credentials are wrong",
    "wrong_password": "The current password is wrong",
}

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An answer that says why a request was not done, with the headers that belong to it."""

    status: int
    code: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: tuple[tuple[str, str], ...] = ()


# What the server in front of Flask answers with, by `render_problem`.
BODY_TOO_SLOW = Problem(status=408, code="body_too_slow", detail="the body did not arrive within 10 seconds")
OVERLOADED = Problem(
    status=503,
    code="overloaded",
    detail="too many requests of this kind are waiting; try again shortly",
    headers=(("Retry-After", "1"),),
)
DEADLINE_EXCEEDED = Problem(
    status=503,
    code="deadline_exceeded",
    detail="the request was not done within 30 seconds",
    headers=(("Retry-After", "1"),),
)


class RequestRefused(Exception):
    """A request that the HTTP side turns down by itself, before any message is sent."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def problem_body(problem: Problem, request_id: str | None) -> bytes:
    """Return the JSON of a problem; its title never differs between two problems of one code (RFC 9457, 3.1.3)."""
    return _encode(
        ProblemModel(
            type=f"urn:hexaccount:problem:{problem.code}",
            title=_TITLES.get(problem.code) or HTTPStatus(problem.status).phrase,
            status=problem.status,
            detail=problem.detail,
            code=problem.code,
            request_id=request_id,
            errors=list(problem.errors),
        )
    )


def render_problem(
    status: int, code: str, detail: str, request_id: str | None = None, retry_after: int = 1
) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of an error that is answered without a Flask request, such as by the server itself."""
    request_id = request_id or new_request_id()
    headers = [("Content-Type", PROBLEM), ("X-Request-ID", request_id), *ALWAYS.values()]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", str(retry_after)))
    return headers, problem_body(Problem(status=status, code=code, detail=detail), request_id)
