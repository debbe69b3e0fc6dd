"""Which problem each exception is answered with."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from hexaccount.accounts.errors import EmailTaken, UserNameTaken, UserNotFound
from hexaccount.accounts.update_profile import UnexpectedVersion
from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused, RequestInFlight
from hexaccount.kernel.causation import current_cause
from hexaccount.kernel.errors import InvalidInput, InvalidValue, Refusal
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.errors import WrongCredentials, WrongPassword
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.roles.errors import UnknownRole
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated, SessionNotFound
from hexaccount.signing_keys.ports import KeyRefused
from hexaccount.store_kit.store import SchemaMismatch
from hexaccount_flask.authentication import CHALLENGE
from hexaccount_flask.exchange import EXCHANGE
from hexaccount_flask.limits import tell
from hexaccount_flask.media_types import PROBLEM
from hexaccount_flask.models import FieldError
from hexaccount_flask.parsing import LONGEST_BODY
from hexaccount_flask.problems import Problem, RequestRefused, problem_body

_log = logging.getLogger("hexaccount.http")

_RETRY_SECONDS = "5"
_FAILURE = Problem(
    status=500,
    code="internal_error",
    detail="the service failed; it is not the fault of the request",
)


def answer_error(error: Exception) -> Response:
    """Return the answer to a request that ended with `error`; what nobody expected is logged, never shown."""
    problem = problem_of(error)
    if isinstance(error, WrongCredentials | TooManyAttempts):
        tell(error.limit_status)
    if problem.status == 500:
        route = request.environ[EXCHANGE].route or "(no route)"  # not the path, in which ids stand
        _log.error("%s %s failed, request %s", request.method, route, _request_id(), exc_info=error)
    elif problem.code == "unavailable":
        _log.warning("%s: %s, request %s", type(error).__name__, error, _request_id())
    request.environ[EXCHANGE].code = problem.code
    body = problem_body(problem, _request_id())
    return Response(body, problem.status, headers=problem.headers, content_type=PROBLEM)


def problem_of(error: Exception) -> Problem:
    """Return the problem that an exception is shown as, by the most specific of its types that has one."""
    for kind in type(error).__mro__:
        if kind in _PROBLEMS:
            return _PROBLEMS[kind](error)
    return _FAILURE


def _request_id() -> str | None:
    return current_cause().causation_id


def _refusal(error: Refusal) -> Problem:
    return Problem(status=422, code=error.code, detail=str(error) or "a rule of the service forbids this")


def _invalid_input(error: InvalidInput) -> Problem:
    errors = [FieldError(pointer=f"/{field}", detail=reason) for field, reason in error.errors.items()]
    return Problem(status=422, code=error.code, detail="some fields are not valid; see errors", errors=errors)


def _taken(error: UserNameTaken | EmailTaken) -> Problem:
    errors = [FieldError(pointer=f"/{error.field}", detail=str(error))]
    return Problem(status=409, code=error.code, detail=str(error), errors=errors)


def _wrong_password(error: WrongPassword) -> Problem:
    errors = [FieldError(pointer=f"/{error.field}", detail=str(error))]
    return Problem(status=422, code=error.code, detail="the current password is wrong", errors=errors)


def _not_found(error: UserNotFound | SessionNotFound) -> Problem:
    return Problem(status=404, code=error.code, detail=str(error))


def _wrong_credentials(error: WrongCredentials | InvalidRefreshToken) -> Problem:
    return Problem(status=401, code=error.code, detail=str(error), headers=(("WWW-Authenticate", CHALLENGE),))


def _too_many_attempts(error: TooManyAttempts) -> Problem:
    return Problem(
        status=429, code=error.code, detail=str(error), headers=(("Retry-After", str(error.limit_status.wait)),)
    )


def _not_authenticated(error: NotAuthenticated) -> Problem:
    challenge = (
        f'{CHALLENGE}, error="invalid_token", error_description="the access token is invalid, expired or revoked"'
    )
    return Problem(status=401, code=error.code, detail=str(error), headers=(("WWW-Authenticate", challenge),))


def _stale(error: StaleVersion) -> Problem:
    return Problem(status=409, code=error.code, detail="somebody else changed this at the same time; try again")


def _in_flight(error: RequestInFlight) -> Problem:
    retry = (("Retry-After", str(error.retry_after)),)
    return Problem(status=409, code=error.code, detail=str(error), headers=retry)


def _unexpected_version(error: UnexpectedVersion) -> Problem:
    return Problem(status=412, code=error.code, detail=str(error))


def _overloaded(error: HashingOverloaded) -> Problem:
    retry = (("Retry-After", str(error.retry_after)),)
    return Problem(status=503, code=error.code, detail=str(error), headers=retry)


def _unavailable(_: Exception) -> Problem:
    # Not the error's own text, in which a driver may have named hosts and accounts.
    return Problem(
        status=503,
        code="unavailable",
        detail="the service cannot reach what it keeps accounts in; try again",
        headers=(("Retry-After", _RETRY_SECONDS),),
    )


def _no_such_path(_: NotFound) -> Problem:
    return Problem(status=404, code="not_found", detail="there is nothing at this path")


def _no_such_method(error: MethodNotAllowed) -> Problem:
    allowed = ", ".join(sorted(error.valid_methods or ()))
    return Problem(
        status=405,
        code="method_not_allowed",
        detail=f"this path takes {allowed}",
        headers=(("Allow", allowed),),
    )


def _too_large(_: RequestEntityTooLarge) -> Problem:
    return Problem(status=413, code="body_too_large", detail=f"the body is larger than {LONGEST_BODY} bytes")


def _http(error: HTTPException) -> Problem:
    if error.code is None or error.code >= 500:
        return _FAILURE
    return Problem(status=400, code="malformed_request", detail="the request is malformed")


_PROBLEMS: dict[type, Callable[[Any], Problem]] = {
    RequestRefused: lambda error: error.problem,
    Refusal: _refusal,
    InvalidInput: _invalid_input,
    InvalidValue: _refusal,
    UnknownRole: _refusal,
    KeyRefused: _refusal,
    UserNameTaken: _taken,
    EmailTaken: _taken,
    WrongPassword: _wrong_password,
    UserNotFound: _not_found,
    SessionNotFound: _not_found,
    InvalidRefreshToken: _wrong_credentials,
    WrongCredentials: _wrong_credentials,
    TooManyAttempts: _too_many_attempts,
    NotAuthenticated: _not_authenticated,
    StaleVersion: _stale,
    UnexpectedVersion: _unexpected_version,
    RequestInFlight: _in_flight,
    IdempotencyKeyReused: _refusal,
    HashingOverloaded: _overloaded,
    StoreUnavailable: _unavailable,
    SchemaMismatch: _unavailable,
    HTTPException: _http,
    NotFound: _no_such_path,
    MethodNotAllowed: _no_such_method,
    RequestEntityTooLarge: _too_large,
}
