"""What views take: services of the application, and parts of the request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, Protocol, TypeAlias
from uuid import UUID

from flask import Request

from hexaccount_flask.web.problems import FieldError, Problem, RequestRefused, invalid_input

DocumentedError: TypeAlias = Problem | type[Exception]
"""What a request may be refused with: a problem, or the class of an error that is shown as one."""

Reader: TypeAlias = Callable[[Request], Any]

Services: TypeAlias = Mapping[Any, Any]
"""What views work with, by the type that their parameters are annotated with."""


class Input(Protocol):
    """A part of a request that a view takes."""

    @property
    def errors(self) -> Sequence[DocumentedError]:
        """Return the errors of a request in which the part is not valid."""
        ...

    def reader(self, services: Services) -> Reader:
        """Return the function that reads the part; KeyError for a service that is missing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter in the path, the query or a header.

    schema: the type that the document describes.
    parse: returns the value of a text; raises one of `errors`, or RequestRefused with one of them.
    default: the value of a parameter that is absent.
    """

    name: str
    place: Literal["path", "query", "header"]
    schema: Any
    parse: Callable[[str], Any] = str
    errors: Sequence[DocumentedError] = ()
    default: Any = None

    def reader(self, _: Services) -> Reader:
        match self.place:
            case "path":
                return self._read_path
            case "query":
                return self._read_query
            case "header":
                key, parse, default = f"HTTP_{self.name.upper().replace('-', '_')}", self.parse, self.default
                return lambda request: parse(request.environ[key]) if key in request.environ else default

    def _read_path(self, request: Request) -> Any:
        return self.parse((request.view_args or {})[self.name])

    def _read_query(self, request: Request) -> Any:
        # A parameter that is repeated is joined as repeated headers are, and then not valid.
        texts = request.args.getlist(self.name)
        return self.parse(",".join(texts)) if texts else self.default


@dataclass(frozen=True, slots=True)
class HiddenParameter:
    """A service, or a part of every request, which the document does not describe."""

    reader: Callable[[Services], Reader]
    errors: Sequence[DocumentedError] = ()


def read_all(readers: Sequence[Reader], request: Request) -> list[Any]:
    """Return what all readers return; raises their RequestRefused, one of all parts that are not valid if that is why.

    Any other error is raised at once: a caller who is not known learns nothing about the rest of the request.
    """
    values: list[Any] = []
    invalid: list[Problem] = []
    for read in readers:
        try:
            values.append(read(request))
        except RequestRefused as refusal:
            if refusal.problem.code != "invalid_input":
                raise
            invalid.append(refusal.problem)
    if invalid:
        errors = [error for problem in invalid for error in problem.errors]
        raise RequestRefused(invalid_input(invalid[0].detail, errors))
    return values


def service(kind: Any) -> HiddenParameter:
    """Return the input of a service, which is the same for every request."""

    def reader(services: Services) -> Reader:
        found = services[kind]
        return lambda _: found

    return HiddenParameter(reader)


def id_in_path(name: str, schema: Any, not_found: type[Exception]) -> Parameter:
    """Return the parameter of an id in its canonical spelling; `not_found` answers every other text.

    Another spelling would be a second path to the same resource.
    """

    def parse(text: str) -> UUID:
        try:
            found = UUID(text)
        except ValueError:
            raise not_found from None
        if str(found) != text:
            raise not_found
        return found

    return Parameter(name=name, place="path", schema=schema, parse=parse, errors=[not_found])


def invalid_parameter(name: str, detail: str) -> Problem:
    """Return the problem of a parameter in the path or the query; `detail` says what it must be."""
    return invalid_input("a part of the URL is not valid; see errors", [FieldError(parameter=name, detail=detail)])


def refuse_parameter(name: str, detail: str) -> NoReturn:
    """Raise RequestRefused with the problem of `invalid_parameter`."""
    raise RequestRefused(invalid_parameter(name, detail))
