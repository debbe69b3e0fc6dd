"""Successful answers: each kind is a class, which a view names as what it returns and the document describes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from flask import Response

from hexaccount_flask.entity_tags import is_known
from hexaccount_flask.media_types import JSON
from hexaccount_flask.models import AccessModel, Answer, ListAnswer, Page

M = TypeVar("M", bound=msgspec.Struct)
HeaderPairs = tuple[tuple[str, str], ...]

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way in which an operation succeeds: `content` is the type of the body by its media type.

    Where that is an envelope, what is in it is said by the view, and its meaning by itself.
    """

    status: int
    meaning: str
    content: Mapping[str, Any]
    headers: Sequence[str] = ()

    def holding(self, model: Any) -> "Outcome":
        """Return the outcome with a model in its envelope."""
        content = {media_type: envelope[model] for media_type, envelope in self.content.items()}
        return replace(self, content=content, meaning=self.meaning or _meaning(model))


class Stated(Response):
    """An answer whose kind says what it may be."""

    ways: ClassVar[Sequence[Outcome]]

    @classmethod
    def outcomes(cls, of: Sequence[Any]) -> Sequence[Outcome]:
        """Return the ways in which an operation succeeds whose answer is of this kind, parametrised by `of`."""
        return [way.holding(*of) if of else way for way in cls.ways]


_NOT_MODIFIED = Outcome(304, "It is what `If-None-Match` says that the client has.", {}, ("ETag",))


def kept_by_caches(meaning: str, content: Mapping[str, Any]) -> Sequence[Outcome]:
    """Return the ways in which somebody gets what they may have already, as its tag tells."""
    return [Outcome(200, meaning, content, ("ETag",)), _NOT_MODIFIED]


class Ok(Stated, Generic[M]):
    """A model as JSON."""

    ways = (Outcome(200, "", {JSON: Answer}),)

    def __init__(self, model: M, headers: HeaderPairs = ()) -> None:
        super().__init__(_encode(Answer(model)), self.ways[0].status, headers or None, content_type=JSON)


class Created(Ok[M]):
    """A model of what is new as JSON."""

    ways = (Outcome(201, "", {JSON: Answer}, ("Location",)),)

    def __init__(self, model: M, location: str) -> None:
        super().__init__(model, (("Location", location),))


class Granted(Ok[AccessModel]):
    """Access, in the body and once more as clients have to send it."""

    ways = (Outcome(200, "Access.", {JSON: Answer[AccessModel]}, ("Authorization",)),)

    def __init__(self, model: AccessModel) -> None:
        super().__init__(model, (("Authorization", f"Bearer {model.access}"),))


class Versioned(Ok[M]):
    """A model as JSON with its entity tag."""

    ways = (Outcome(200, "", {JSON: Answer}, ("ETag",)),)

    def __init__(self, model: M, tag: str) -> None:
        super().__init__(model, (("ETag", tag),))


class Tagged(Stated, Generic[M]):
    """A model as JSON with its entity tag, or a mere 304 where the request says that the client has it."""

    ways = kept_by_caches("", {JSON: Answer})

    def __init__(self, model: M, tag: str, if_none_match: str | None) -> None:
        if if_none_match is not None and is_known(if_none_match, tag):
            super().__init__(status=304, headers=(("ETag", tag),))
            del self.headers["Content-Type"]
        else:
            super().__init__(_encode(Answer(model)), headers=(("ETag", tag),), content_type=JSON)


class Listed(Stated, Generic[M]):
    """A page of a list as JSON."""

    ways = (Outcome(200, "One page of the list.", {JSON: ListAnswer}),)

    def __init__(self, models: list[M], following: str | None) -> None:
        super().__init__(_encode(ListAnswer(models, Page(following))), content_type=JSON)


class Done(Stated):
    """An answer that has no content, and so no type of content."""

    ways = (Outcome(204, "Done.", {}),)

    def __init__(self) -> None:
        super().__init__(status=204)
        del self.headers["Content-Type"]


class Elsewhere(Stated):
    """The way to another path."""

    ways = (Outcome(302, "It is elsewhere.", {}, ("Location",)),)

    def __init__(self, path: str) -> None:
        super().__init__(status=302, headers=(("Location", path),))
        del self.headers["Content-Type"]


class Public(Stated):
    """Content that any cache may keep, with its entity tag, or a mere 304 where the client has it."""

    def __init__(
        self, content: bytes, tag: str, if_none_match: str | None, *, media_type: str, headers: HeaderPairs
    ) -> None:
        headers = (*headers, ("ETag", tag))
        if if_none_match is not None and is_known(if_none_match, tag):
            super().__init__(status=304, headers=headers)
            del self.headers["Content-Type"]
        else:
            super().__init__(content, headers=headers, content_type=media_type)


def _meaning(model: type[msgspec.Struct]) -> str:
    """Return the sentence in which a model says what it is."""
    return " ".join((model.__doc__ or "").split("\n\n")[0].split())
