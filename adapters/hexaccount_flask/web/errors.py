"""How errors are shown that are no capability's own."""

from collections.abc import Mapping
from uuid import UUID

from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed, NotFound, RequestEntityTooLarge

from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused, RequestInFlight
from hexaccount.kernel.errors import InvalidInput, InvalidValue, Refusal
from hexaccount.kernel.rate_limit import RateLimitStatus
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.store_kit.store import SchemaMismatch
from hexaccount_flask.web.authentication import challenge
from hexaccount_flask.web.bodies import LONGEST_BODY
from hexaccount_flask.web.problems import ProblemType, retry_after

_FAILURE = ProblemType(500, "internal_error", "the service failed; it is not the fault of the request")
# Not the error's own text, in which a driver may have named hosts and accounts.
_UNAVAILABLE = ProblemType(
    503, "unavailable", "the service cannot reach its store; try again", headers=lambda _: retry_after(5)
)
_INVALID_TOKEN = challenge(error="invalid_token", error_description="the access token is invalid, expired or revoked")

PROBLEM_TYPES: Mapping[type[Exception], ProblemType] = {
    Exception: _FAILURE,
    InternalServerError: _FAILURE,
    HTTPException: ProblemType(400, "malformed_request", "the request is malformed"),
    NotFound: ProblemType(404, "not_found", "there is nothing at this path"),
    MethodNotAllowed: ProblemType(
        405,
        "method_not_allowed",
        "use one of the methods that `Allow` names",
        headers=lambda error: (("Allow", ", ".join(sorted(error.valid_methods or ()))),),
    ),
    RequestEntityTooLarge: ProblemType(413, "body_too_large", f"the body is larger than {LONGEST_BODY} bytes"),
    Refusal: ProblemType(422),
    InvalidValue: ProblemType(422),
    InvalidInput: ProblemType(422, detail="some fields are not valid; see errors"),
    NotAuthenticated: ProblemType(401, headers=lambda _: _INVALID_TOKEN),
    TooManyAttempts: ProblemType(
        429,
        headers=lambda error: retry_after(error.limit_status.wait),
        example=TooManyAttempts(RateLimitStatus(policy="login", quota=5, window=60, remaining=0, wait=12)),
    ),
    RequestInFlight: ProblemType(409, headers=lambda error: retry_after(error.retry_after)),
    IdempotencyKeyReused: ProblemType(422),
    StaleVersion: ProblemType(
        409,
        detail="another request changed the resource at the same time; try again",
        example=StaleVersion("profile", UUID(int=0)),
    ),
    StoreUnavailable: _UNAVAILABLE,
    SchemaMismatch: _UNAVAILABLE,
}
