"""Successful responses: each kind is a class, which views are annotated with and the document describes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

import msgspec
from flask import Response
from msgspec import Meta, Struct

from hexaccount.kernel.clock import format_time
from hexaccount_flask.web.entity_tags import entity_tag, matches
from hexaccount_flask.web.fields import CursorText
from hexaccount_flask.web.headers import JSON, HeaderPairs

M = TypeVar("M", bound=Struct)

_encode = msgspec.json.Encoder().encode


class Resource(Struct, frozen=True):
    """A resource as clients see it, with the fields of an application's view that it names."""

    @classmethod
    def of(cls, view: object, **others: Any) -> Self:
        """Return the resource of a view; `others` are the last fields, which the view does not have."""
        values = _getter(cls, len(others))(view)
        return cls(*[format_time(value) if isinstance(value, datetime) else value for value in values], **others)


class Answer(Struct, Generic[M], frozen=True):
    """A success: the resource."""

    data: M


class Page(Struct, frozen=True):
    """Where a list goes on."""

    next: Annotated[CursorText | None, Meta(description="`after` of the request for the next page, null on the last.")]


class ListAnswer(Struct, Generic[M], frozen=True):
    """A success: one page of a list."""

    data: list[M]
    page: Page


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """A response of an operation that succeeds.

    description: the first paragraph of the model's docstring if it is empty.
    content: the type of the body by media type; a generic type is completed with the view's model.
    """

    status: int
    description: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    headers: Sequence[str] = ()

    def with_model(self, model: Any) -> "ResponseSpec":
        """Return the specification for a view that answers with `model`."""
        content = {media_type: envelope[model] for media_type, envelope in self.content.items()}
        description = self.description or " ".join((model.__doc__ or "").split("\n\n")[0].split())
        return replace(self, content=content, description=description)


class DocumentedResponse(Response):
    """A response whose class says what it may contain."""

    specs: ClassVar[Sequence[ResponseSpec]]


def cacheable(description: str, content: Mapping[str, Any]) -> Sequence[ResponseSpec]:
    """Return the specifications of a response with an entity tag, to a request that may have If-None-Match."""
    not_modified = ResponseSpec(304, "Your copy, which `If-None-Match` names, is current.", headers=("ETag",))
    return (ResponseSpec(200, description, content, ("ETag",)), not_modified)


class Empty(DocumentedResponse):
    """A response without content, and so without a type of content."""

    def __init__(self, status: int, headers: HeaderPairs = ()) -> None:
        super().__init__(status=status, headers=headers)
        del self.headers["Content-Type"]


class Done(Empty):
    """204."""

    specs = (ResponseSpec(204, "Done."),)

    def __init__(self) -> None:
        super().__init__(204)


class Accepted(Empty):
    """202, without a word on what becomes of it."""

    specs = (ResponseSpec(202, "It is done soon."),)

    def __init__(self) -> None:
        super().__init__(202)


class Redirect(Empty):
    """302 to a path that is relative to that of the request: a proxy may serve all paths under a prefix."""

    specs = (ResponseSpec(302, "It is elsewhere.", headers=("Location",)),)

    def __init__(self, path: str) -> None:
        super().__init__(302, (("Location", path),))


class Ok(DocumentedResponse, Generic[M]):
    """A model as JSON."""

    specs = (ResponseSpec(200, content={JSON: Answer}),)

    def __init__(self, model: M, headers: HeaderPairs = ()) -> None:
        super().__init__(_encode(Answer(model)), self.specs[0].status, headers or None, content_type=JSON)


class Created(Ok[M]):
    """The model of a new resource as JSON, with its location relative to the path of the request."""

    specs = (ResponseSpec(201, content={JSON: Answer}, headers=("Location",)),)

    def __init__(self, model: M, location: str) -> None:
        super().__init__(model, (("Location", location),))


class Versioned(Ok[M]):
    """A model as JSON with its entity tag."""

    specs = (ResponseSpec(200, content={JSON: Answer}, headers=("ETag",)),)

    def __init__(self, model: M, owner: UUID, version: int, others: Sequence[str] = ()) -> None:
        super().__init__(model, (("ETag", entity_tag(type(model), owner, version, others)),))


class Listed(DocumentedResponse, Generic[M]):
    """A page of a list as JSON."""

    specs = (ResponseSpec(200, "One page of the list.", {JSON: ListAnswer}),)

    def __init__(self, models: list[M], following: str | None) -> None:
        super().__init__(_encode(ListAnswer(models, Page(following))), content_type=JSON)


class Cacheable(DocumentedResponse):
    """Content with its entity tag, or a 304 where the client has it."""

    def __init__(
        self, content: bytes, tag: str, if_none_match: str | None, *, media_type: str, headers: HeaderPairs = ()
    ) -> None:
        headers = (*headers, ("ETag", tag))
        if if_none_match is not None and matches(if_none_match, tag):
            super().__init__(status=304, headers=headers)
            del self.headers["Content-Type"]
        else:
            super().__init__(content, headers=headers, content_type=media_type)


class Tagged(Cacheable, Generic[M]):
    """A model as JSON with its entity tag, or a 304 where the client has it."""

    specs = cacheable("", {JSON: Answer})

    def __init__(
        self, model: M, owner: UUID, version: int, if_none_match: str | None, others: Sequence[str] = ()
    ) -> None:
        tag = entity_tag(type(model), owner, version, others)
        super().__init__(_encode(Answer(model)), tag, if_none_match, media_type=JSON)


@cache
def _getter(model: type[Resource], others: int) -> Callable[[object], Iterable[Any]]:
    names = model.__struct_fields__
    return attrgetter(*names[: len(names) - others])
