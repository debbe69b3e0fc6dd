"""Errors as RFC 9457 problem details."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from hexaccount.kernel.errors import InvalidInput
from hexaccount_flask.web.headers import PROBLEM, STANDARD_HEADERS, HeaderPairs, new_request_id

_encode = msgspec.json.Encoder().encode


class FieldError(Struct, frozen=True, kw_only=True):
    """What is wrong with one part of a request."""

    pointer: Annotated[str, Meta(description="A JSON Pointer (RFC 6901) into the body.")] | UnsetType = UNSET
    parameter: Annotated[str, Meta(description="The name of a part of the URL.")] | UnsetType = UNSET
    detail: Annotated[str, Meta(description="What is wrong with it.")]


class ProblemModel(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An error (RFC 9457); `code` is stable, texts are for people."""

    type: Annotated[str, Meta(description="`urn:hexaccount:problem:` and the code.")]
    title: Annotated[str, Meta(description="The code in words.")]
    status: Annotated[int, Meta(description="The status of the answer.", ge=400, le=599)]
    detail: Annotated[str, Meta(description="What is wrong, and what would be right.")]
    code: Annotated[str, Meta(description="What is wrong, for programs.")]
    request_id: Annotated[str | None, Meta(description="The answer's `X-Request-ID`, which the log contains too.")]
    errors: Annotated[list[FieldError], Meta(description="All parts of the request that are not valid.")] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error response."""

    status: int
    code: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: HeaderPairs = ()

    def body(self, request_id: str | None) -> bytes:
        return _encode(
            ProblemModel(
                type=f"urn:hexaccount:problem:{self.code}",
                title=self.code.replace("_", " ").capitalize().replace(" json", " JSON"),
                status=self.status,
                detail=self.detail,
                code=self.code,
                request_id=request_id,
                errors=list(self.errors),
            )
        )


class RequestRefused(Exception):
    """A request that the HTTP side refuses before it sends a message."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class ProblemType:
    """The problem that errors of a class are shown as.

    code, detail: the error's own `code` and text if they are empty.
    headers: returns the headers of the response to an error.
    example: an error of the class, for the API document; needed where the class has no default arguments.
    """

    status: int
    code: str = ""
    detail: str = ""
    headers: Callable[[Any], HeaderPairs] = lambda _: ()
    example: Exception | None = None

    def problem_of(self, error: Any) -> Problem:
        """Return an error as a problem; one with a `field` points to it."""
        reasons = error.errors if isinstance(error, InvalidInput) else {}
        if hasattr(error, "field"):
            reasons = {error.field: str(error)}
        return Problem(
            status=self.status,
            code=self.code or error.code,
            detail=self.detail or str(error) or "a rule of the service forbids this",
            errors=[FieldError(pointer=f"/{name}", detail=reason) for name, reason in reasons.items()],
            headers=self.headers(error),
        )


def retry_after(seconds: int) -> HeaderPairs:
    """Return the header that says when another attempt may succeed."""
    return (("Retry-After", str(seconds)),)


def invalid_input(detail: str, errors: Sequence[FieldError]) -> Problem:
    """Return the problem of a request with parts that are not valid."""
    return Problem(status=422, code="invalid_input", detail=detail, errors=errors)


# The server in front of Flask answers with these, through `render_problem`.
BODY_TOO_SLOW = Problem(status=408, code="body_too_slow", detail="the body did not arrive within 10 seconds")
OVERLOADED = Problem(
    status=503,
    code="overloaded",
    detail="too many requests of this kind are waiting; try again shortly",
    headers=retry_after(1),
)
DEADLINE_EXCEEDED = Problem(
    status=503, code="deadline_exceeded", detail="the request was not done within 30 seconds", headers=retry_after(1)
)


def render_problem(
    status: int, code: str, detail: str, request_id: str | None = None, retry_after: int = 1
) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of an error response that the server in front of Flask gives."""
    request_id = request_id or new_request_id()
    headers = [("Content-Type", PROBLEM), ("X-Request-ID", request_id), *STANDARD_HEADERS]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append(("Retry-After", str(retry_after)))
    return headers, Problem(status=status, code=code, detail=detail).body(request_id)
