"""Operations: what a route takes, gives and refuses, stated once.

The signature of a view is its statement. Requests are read by it, and `openapi` writes the document of it, so that
neither can say what the other does not do.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter as Argument
from inspect import cleandoc, signature
from typing import Any, Protocol, TypeAlias, cast, get_args, get_origin, get_type_hints

from flask import Request, Response, request
from werkzeug.local import LocalProxy

from hexaccount.kernel.bus import Bus
from hexaccount_flask.answers import Stated
from hexaccount_flask.models import RequestModel
from hexaccount_flask.parsing import Body
from hexaccount_flask.problems import Problem

Refusable: TypeAlias = Problem | type[Exception]
"""What a request can be refused with: a problem such as it may be, or the exception that is shown as one."""

Reader: TypeAlias = Callable[[Request], Any]

_MARK = "hexaccount_operation"
_REQUEST = cast("LocalProxy[Request]", request)  # which is what it is, whatever Flask declares


class Input(Protocol):
    """A part of requests that views take."""

    @property
    def refuses(self) -> Sequence[Refusable]:
        """Return what a request is refused with whose part is not as it should be."""
        ...

    def reader(self, bus: Bus | None) -> Reader:
        """Return what reads the part; those that have to ask somebody ask `bus`."""
        ...


class Unstated(TypeError):
    """A view that does not say what it takes or gives."""

    def __init__(self, view: str, what: str) -> None:
        super().__init__(f"the view {view} does not state {what}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The statement of a view; `summary` and `description` are its docstring."""

    name: str
    summary: str
    description: str
    inputs: Sequence[Input]
    answer: type[Stated]
    of: Sequence[Any]
    refuses: Sequence[Refusable]


def operation(
    bus: Bus | None = None, *, refuses: Sequence[Refusable] = ()
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """Have a view called with what its annotations say that it takes; raises Unstated.

    bus: who is asked for the caller, where the view takes one.
    refuses: what the view may refuse a request with, besides what its inputs do.
    """

    def decorate(view: Callable[..., Response]) -> Callable[..., Response]:
        stated = _read_statement(view, refuses)
        readers = [part.reader(bus) for part in stated.inputs]

        @wraps(view)
        def answered(**_: str) -> Response:
            # Each access through the proxy costs as much as most of what is read.
            here = _REQUEST._get_current_object()  # noqa: SLF001 - the name under which Werkzeug documents it
            return view(*[read(here) for read in readers])

        setattr(answered, _MARK, stated)
        return answered

    return decorate


def operation_of(view: Callable[..., Any]) -> Operation:
    """Return the statement of a view; raises Unstated."""
    stated = getattr(view, _MARK, None)
    if not isinstance(stated, Operation):
        raise Unstated(view.__name__, "its operation")
    return stated


def _read_statement(view: Callable[..., Response], refuses: Sequence[Refusable]) -> Operation:
    hints = get_type_hints(view, include_extras=True)
    answer = hints.pop("return", None)
    kind = get_origin(answer) or answer
    if not (isinstance(kind, type) and issubclass(kind, Stated)):
        raise Unstated(view.__name__, "what it answers")
    summary, _, description = cleandoc(view.__doc__ or "").partition("\n")
    if not summary:
        raise Unstated(view.__name__, "what it is for")
    return Operation(
        name=view.__name__,
        summary=summary.rstrip("."),
        description=description.strip(),
        inputs=[_input_of(view, argument, hints) for argument in signature(view).parameters.values()],
        answer=kind,
        of=get_args(answer),
        refuses=refuses,
    )


def _input_of(view: Callable[..., Response], argument: Argument, hints: dict[str, Any]) -> Input:
    hint = hints.get(argument.name)
    if isinstance(hint, type) and issubclass(hint, RequestModel):
        return Body(hint)
    for note in getattr(hint, "__metadata__", ()):
        if hasattr(note, "reader"):
            found: Input = note
            return found
    raise Unstated(view.__name__, f"how to read {argument.name}")
