"""The answers of operations: their successes, and the problems that they, their inputs and the server refuse with."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.rate_limits.policies import LOCAL, Policy
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus
from hexaccount_flask.answers import Outcome
from hexaccount_flask.errors import problem_of
from hexaccount_flask.media_types import PROBLEM
from hexaccount_flask.models import ProblemModel
from hexaccount_flask.openapi_headers import referred
from hexaccount_flask.openapi_links import LINKS
from hexaccount_flask.openapi_schemas import Schemas
from hexaccount_flask.operation import Operation, Refusable
from hexaccount_flask.problems import DEADLINE_EXCEEDED, OVERLOADED, Problem, problem_body

_SUCH_AS = (
    TooManyAttempts(RateLimitStatus(policy="login", quota=5, window=60, remaining=0, wait=12)),
    HashingOverloaded(2),
    StaleVersion("profile", UUID(int=0)),
)
_EXAMPLES: dict[type[Exception], Exception] = {type(error): error for error in _SUCH_AS}
_REQUEST_ID = "32b91d1f8a844b1fa4b1bb8b48a53f2f"


class Answers:
    """Writes the `responses` of operations; problems that many have are shared."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._problem = schemas.of(ProblemModel)
        self.shared: dict[str, Any] = {}

    def of(self, stated: Operation, *, limit: Policy | None) -> dict[str, Any]:
        """Return the answers of an operation by their status; `limit` is the policy that admits its requests."""
        answers = {str(outcome.status): self._success(outcome) for outcome in stated.answer.outcomes(stated.of)}
        problems: defaultdict[int, dict[str, Problem]] = defaultdict(dict)
        for refusable in _refusals(stated, limit):
            problem = _example(refusable)
            problems[problem.status].setdefault(problem.code, problem)
        for status, by_code in problems.items():
            answers[str(status)] = self._share(".".join(by_code), self._refusal(list(by_code.values())))
        for name, answer in answers.items():
            if links := LINKS.get((stated.name, name)):
                answer["links"] = links
        return dict(sorted(answers.items()))

    def _success(self, outcome: Outcome) -> dict[str, Any]:
        written: dict[str, Any] = {"description": outcome.meaning}
        if outcome.headers:
            written["headers"] = {name: referred(name, required=True) for name in outcome.headers}
        if outcome.content:
            written["content"] = {
                media_type: {"schema": schema} if (schema := self._schemas.of(kind)) else {}
                for media_type, kind in outcome.content.items()
            }
        return written

    def _refusal(self, problems: Sequence[Problem]) -> dict[str, Any]:
        bodies = {problem.code: msgspec.json.decode(problem_body(problem, _REQUEST_ID)) for problem in problems}
        written: dict[str, Any] = {
            "description": " ".join(f"{body['title']} (`{code}`)." for code, body in bodies.items()),
            "content": {
                PROBLEM: {
                    "schema": {
                        "allOf": [
                            self._problem,
                            {"properties": {"status": {"const": problems[0].status}, "code": {"enum": [*bodies]}}},
                        ]
                    },
                    "examples": {code: {"summary": body["title"], "value": body} for code, body in bodies.items()},
                }
            },
        }
        if headers := _headers_of(problems):
            written["headers"] = headers
        return written

    def _share(self, name: str, written: dict[str, Any]) -> dict[str, Any]:
        """Return a reference to what the first operation with this answer has, and the answer itself if it differs."""
        if self.shared.setdefault(name, written) != written:
            return written
        return {"$ref": f"#/components/responses/{name}"}


def _refusals(stated: Operation, limit: Policy | None) -> Iterator[Refusable]:
    for part in stated.inputs:
        yield from part.refuses
    yield from stated.refuses
    if limit is not None:
        yield TooManyAttempts
        if limit not in LOCAL:
            yield StoreUnavailable
    # Whatever is asked for may fail, and wait too long for its turn.
    yield from (Exception, OVERLOADED, DEADLINE_EXCEEDED)


def _example(refusable: Refusable) -> Problem:
    if isinstance(refusable, Problem):
        return refusable
    return problem_of(_EXAMPLES.get(refusable) or refusable())


def _headers_of(problems: Sequence[Problem]) -> dict[str, Any]:
    names = [{name for name, _ in problem.headers} for problem in problems]
    return {name: referred(name, required=all(name in each for each in names)) for name in sorted(set().union(*names))}
