"""Operations: what a route takes, returns and refuses, declared once.

The signature of a view is its declaration. Requests are read by it, and `openapi` describes it, so that the two cannot
differ.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

from flask import Request, Response, request
from werkzeug.local import LocalProxy

from hexaccount.kernel.rate_limit import RateLimitPolicy
from hexaccount.rate_limits.acquire_permit import WRITES
from hexaccount.sessions.authenticate import Principal
from hexaccount_flask.web.authentication import BearerToken
from hexaccount_flask.web.bodies import Body, RequestModel
from hexaccount_flask.web.inputs import DocumentedError, Input, Services, read_all, service
from hexaccount_flask.web.problems import ProblemType
from hexaccount_flask.web.rate_limits import permit_of_account, permit_of_client
from hexaccount_flask.web.responses import DocumentedResponse, ResponseSpec

View: TypeAlias = Callable[..., Response]
V = TypeVar("V", bound=View)

RequestClass: TypeAlias = Literal["default", "password", "image", "health", "readiness"]
"""`password` waits for a hash, `image` draws, `health` serves operators, `readiness` may wait for the store."""

Links: TypeAlias = Mapping[str, Any]

_REQUEST = cast("LocalProxy[Request]", request)  # Flask declares the type of what the proxy stands for


class IncompleteOperation(TypeError):
    """A view that does not declare a part of its operation."""

    def __init__(self, view: str, part: str) -> None:
        super().__init__(f"the view {view} does not declare {part}")


@dataclass(slots=True)
class Operation:
    """A route with its declaration; the view's docstring describes it to clients.

    limit: the policy that admits requests before the view does any work, None if every request is admitted. It
        counts by the account of the token, otherwise by the client's network. A view that takes a token and does more
        than read has WRITES unless it declares another.
    errors: those that the view raises, besides those of its inputs.
    links: the operations that a client may continue with after a success, by name.
    page: whether it serves people rather than programs.
    inputs, responses: what the view's signature declares; IncompleteOperation if it does not.
    """

    view: View
    method: str
    path: str
    tag: str
    request_class: RequestClass
    limit: RateLimitPolicy | None
    errors: Sequence[DocumentedError]
    links: Links
    page: bool
    inputs: Sequence[Input] = field(init=False)
    responses: Sequence[ResponseSpec] = field(init=False)

    def __post_init__(self) -> None:
        hints = get_type_hints(self.view, include_extras=True)
        response = hints.get("return")
        kind, models = get_origin(response) or response, get_args(response)
        if not (isinstance(kind, type) and issubclass(kind, DocumentedResponse)):
            raise IncompleteOperation(self.name, "its response")
        if not self.view.__doc__:
            raise IncompleteOperation(self.name, "its purpose in a docstring")
        self.inputs = [_input_of(hints.get(name, name)) for name in signature(self.view).parameters]
        self.responses = [spec.with_model(*models) if models else spec for spec in kind.specs]
        if self.limit is None and self._caller is not None and self.method != "GET":
            self.limit = WRITES

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def _caller(self) -> int | None:
        """Return the position of the input that is the caller, None if the view takes no token."""
        return next((number for number, part in enumerate(self.inputs) if isinstance(part, BearerToken)), None)

    def bound(self, services: Services) -> View:
        """Return the view function for Flask; raises IncompleteOperation for a parameter that has no source."""
        try:
            readers = [part.reader(services) for part in self.inputs]
        except KeyError as error:
            raise IncompleteOperation(self.name, f"how to read {error.args[0]}") from None
        view, caller, limit = self.view, self._caller, self.limit
        admit_client = permit_of_client(limit, services) if limit else None
        admit_account = permit_of_account(limit, services) if limit else None

        def respond(**_: str) -> Response:
            # Each access through the proxy costs as much as most readers.
            current = _REQUEST._get_current_object()  # noqa: SLF001 - the name under which Werkzeug documents it
            if admit_client is not None and caller is None:
                admit_client(current)
            values = read_all(readers, current)
            if admit_client is not None and admit_account is not None and caller is not None:
                principal = values[caller]
                if isinstance(principal, Principal):
                    admit_account(principal)
                else:
                    admit_client(current)
            return view(*values)

        return respond


class Routes:
    """The operations of a capability, and how its errors are shown.

    tags: describes the tags of the API document that these operations need besides ours.
    """

    def __init__(
        self,
        problem_types: Mapping[type[Exception], ProblemType] | None = None,
        *,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.problem_types = problem_types or {}
        self.tags = tags or {}
        self.operations: list[Operation] = []

    def add(
        self,
        method: str,
        path: str,
        *,
        tag: str,
        request_class: RequestClass = "default",
        limit: RateLimitPolicy | None = None,
        errors: Sequence[DocumentedError] = (),
        links: Links | None = None,
        page: bool = False,
    ) -> Callable[[V], V]:
        """Add a view, which is called with what its annotations declare; raises IncompleteOperation."""

        def decorate(view: V) -> V:
            self.operations.append(Operation(view, method, path, tag, request_class, limit, errors, links or {}, page))
            return view

        return decorate


def link(description: str, *, body: Mapping[str, str] | None = None, **parameters: str) -> dict[str, Any]:
    """Describe how to continue with another operation (OpenAPI, Link Object)."""
    parts = {"parameters": parameters, "requestBody": body}
    return {"description": description, **{name: part for name, part in parts.items() if part}}


def _input_of(hint: Any) -> Input:
    model, *others = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if isinstance(model, type) and issubclass(model, RequestModel):
        return Body(model, required=NoneType not in others)
    for annotation in getattr(hint, "__metadata__", ()):
        if hasattr(annotation, "reader"):
            found: Input = annotation
            return found
    return service(hint)
