"""The responses of operations: their successes, and the problems of the operation, its inputs and the server."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount_flask.web.application import HttpApplication
from hexaccount_flask.web.headers import PROBLEM
from hexaccount_flask.web.inputs import DocumentedError
from hexaccount_flask.web.openapi_headers import header_of
from hexaccount_flask.web.openapi_schemas import Schemas
from hexaccount_flask.web.operations import Operation
from hexaccount_flask.web.problems import DEADLINE_EXCEEDED, OVERLOADED, Problem, ProblemModel
from hexaccount_flask.web.responses import ResponseSpec

_REQUEST_ID = "32b91d1f8a844b1fa4b1bb8b48a53f2f"


class Responses:
    """Describes the responses of operations; problems that several operations have are shared."""

    def __init__(self, schemas: Schemas, app: HttpApplication) -> None:
        self._schemas = schemas
        self._problem_schema = schemas.of(ProblemModel)
        self._app = app
        self.shared: dict[str, Any] = {}

    def of(self, operation: Operation) -> dict[str, Any]:
        """Return the responses of an operation by status."""
        responses = {str(spec.status): self._success(spec) for spec in operation.responses}
        if operation.links:
            links = {name: {"operationId": name, **link} for name, link in operation.links.items()}
            responses[str(operation.responses[0].status)]["links"] = links
        problems: defaultdict[int, dict[str, Problem]] = defaultdict(dict)
        for error in _errors_of(operation):
            problem = error if isinstance(error, Problem) else self._example(error)
            problems[problem.status].setdefault(problem.code, problem)
        for status, by_code in problems.items():
            responses[str(status)] = self._shared(".".join(by_code), self._refusal(list(by_code.values())))
        return dict(sorted(responses.items()))

    def _success(self, spec: ResponseSpec) -> dict[str, Any]:
        described: dict[str, Any] = {"description": spec.description}
        if spec.headers:
            described["headers"] = {name: header_of(name, required=True) for name in spec.headers}
        if spec.content:
            described["content"] = {
                media_type: {"schema": schema} if (schema := self._schemas.of(kind)) else {}
                for media_type, kind in spec.content.items()
            }
        return described

    def _example(self, error: type[Exception]) -> Problem:
        known = self._app.problem_types.get(error)
        return self._app.problem_of(known.example if known and known.example else error())

    def _refusal(self, problems: Sequence[Problem]) -> dict[str, Any]:
        bodies = {problem.code: msgspec.json.decode(problem.body(_REQUEST_ID)) for problem in problems}
        described: dict[str, Any] = {
            "description": " ".join(f"{body['title']} (`{code}`)." for code, body in bodies.items()),
            "content": {
                PROBLEM: {
                    # The codes are the names of the examples: a client with an enumeration would fail at a new one.
                    "schema": self._problem_schema,
                    "examples": {code: {"summary": body["title"], "value": body} for code, body in bodies.items()},
                }
            },
        }
        names = [{name for name, _ in problem.headers} for problem in problems]
        if headers := sorted(set().union(*names)):
            described["headers"] = {
                name: header_of(name, required=all(name in each for each in names)) for name in headers
            }
        return described

    def _shared(self, name: str, described: dict[str, Any]) -> dict[str, Any]:
        """Return a reference to the response that the first operation has, or the response itself if it differs."""
        if self.shared.setdefault(name, described) != described:
            return described
        return {"$ref": f"#/components/responses/{name}"}


def _errors_of(operation: Operation) -> Iterator[DocumentedError]:
    for part in operation.inputs:
        yield from part.errors
    yield from operation.errors
    if operation.limit is not None:
        yield TooManyAttempts
        if not operation.limit.local:
            yield StoreUnavailable
    # Every request may fail, and wait too long for a thread.
    yield from (Exception, OVERLOADED, DEADLINE_EXCEEDED)
